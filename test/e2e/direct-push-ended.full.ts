// A store keeps showing a series for its staleness interval. The agent ends those that it no longer sends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { makeLongFile } from '../support/endings.ts'
import { startVictoriaMetrics } from '../support/fleet/store.ts'
import { createLab } from '../support/lab.ts'
import { query } from '../support/prometheus.ts'
import { everySecond } from '../support/setups/series.ts'
import { waitFor } from '../support/wait.ts'

const importPath = '/api/v1/import/prometheus'

test('a series that ends in the metrics ends in the store', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await makeLongFile(path)
  const store = await startVictoriaMetrics(lab.folder)
  cleanUpAfter(context, () => store.stop())
  const agent = await lab.startAgent({
    ...everySecond,
    KOPIA_METRICS_PUSHGATEWAY_URL: `${store.url}${importPath}`,
  })
  const shown = async (name: string) => (await query(store.url, name)).length
  const control = (body: string) => fetch(`${store.url}${importPath}`, { method: 'POST', body })

  const backup = lab.kopia.start('snapshot', 'create', path)
  await control('control 1\n')
  const running = 'kopia_backup_running_since_timestamp_seconds'
  await waitFor('the store shows the run', async () => (await shown(running)) > 0 || undefined)
  await backup.stop('SIGKILL')
  await waitFor('the store shows the failure', async () =>
    (await shown('kopia_backup_status == 0')) > 0 ? true : undefined,
  )
  await waitFor('the run has ended in the store', async () => (await shown(running)) === 0 || undefined)
  // The series of the control is not sent any more either, but nobody ended it.
  assert.equal(await shown('control'), 1)
  assert.ok((await shown('kopia_agent_build_info')) > 0)
  assert.doesNotMatch(agent.output(), /Ending series/)
})
