// The daemon verifies by its schedule, and does nothing of the kind without one.

import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { flipContents } from '../support/damage.ts'
import { createLab, figuresAfter } from '../support/lab.ts'
import { scrape } from '../support/prometheus.ts'
import { leftovers, proofOf, resultFiles } from '../support/verifying.ts'
import { waitFor } from '../support/wait.ts'

test('with verify_schedule the proof, damage and the deadline reach the gateway', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  const agent = await lab.startAgent({
    KOPIA_METRICS_VERIFY_SCHEDULE: '*/2 * * * * *',
    KOPIA_METRICS_VERIFY_PERCENT: '100',
    // The offset of this name is 0, so no run comes late (agent/daemon/schedule.ts).
    KOPIA_METRICS_INSTANCE: 'vm-204',
  })
  const proven = await waitFor('a proof is pushed', async () => {
    const proof = await proofOf(lab.gateway, path)
    return proof.status === 1 && proof.deadline_timestamp_seconds !== undefined ? proof : undefined
  })
  const { last_success_timestamp_seconds: provedAt = 0, deadline_timestamp_seconds: deadline = 0 } = proven
  assert.deepEqual([proven.objects, proven.restored_files], [2, 1])
  // Two gaps of two seconds, and a day.
  assert.ok(
    Math.abs(deadline - provedAt - 86_404) < 60,
    `${deadline} is not two runs and a day after ${provedAt}`,
  )

  await flipContents(lab, /^[0-9a-f]/)
  const faulty = await waitFor('the damage is pushed', async () => {
    const proof = await proofOf(lab.gateway, path)
    return proof.status === 0 ? proof : undefined
  })
  assert.ok((faulty['errors checksum'] ?? 0) > 0)
  assert.match(agent.output(), /photos: the snapshot \w+ can't be read back: /)
  assert.equal(await agent.stop(), 0, agent.output())
  assert.deepEqual([await leftovers(lab), await resultFiles(lab)], [[], []])
})

test('without verify_schedule there is no series and no folder', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const agent = await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, 1)
  for (const service of [lab.gateway, agent]) {
    const names = [...(await scrape(service.url)).keys()]
    assert.deepEqual(
      names.filter((name) => name.startsWith('kopia_verify_')),
      [],
    )
  }
  await assert.rejects(access(join(lab.stateDirectory, 'verify')), { code: 'ENOENT' })
})
