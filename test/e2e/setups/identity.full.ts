// Who Kopia is here can change while the agent runs, and a backup can be made under another name.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab, figuresAfter } from '../../support/lab.ts'
import { everySecond, noAttempts, seriesOf } from '../../support/setups/series.ts'

test('what this machine backs up is reported, whatever it is called', async (context) => {
  const lab = await createLab(context)
  const names = ['before', 'renamed', 'at', 'colon'] as const
  const [before = '', renamed = '', at = '', colon = ''] = await Promise.all(names.map(lab.makeSource))
  await lab.startAgent(everySecond)
  await lab.kopia.must('snapshot', 'create', before)
  await figuresAfter(lab.gateway, before, 1)

  /** The source has one good and one failed attempt under this name, and no other. */
  const assertReported = async (path: string, user: string | undefined, host: string) => {
    const { status, attempts } = await figuresAfter(lab.gateway, path, 2)
    assert.deepEqual([status, attempts], [0, { ...noAttempts, success: 1, failed: 1 }])
    const series = await seriesOf(lab.gateway, 'kopia_backup_status')
    const names = series.filter(({ labels }) => labels.path === path).map(({ labels }) => labels)
    assert.deepEqual(
      names.map((labels) => [user === undefined ? undefined : labels.user, labels.host]),
      [[user, host]],
    )
  }

  /** Lets a global action fail, since a policy of the source would show it to the agent. */
  const backUpTwice = async (path: string, ...flags: readonly string[]) => {
    await lab.kopia.must('snapshot', 'create', ...flags, path)
    await figuresAfter(lab.gateway, flags.length === 0 ? path : '/data/elsewhere', 1)
    await lab.kopia.must('policy', 'set', '--global', '--before-snapshot-root-action=/bin/false')
    assert.equal((await lab.kopia.run('snapshot', 'create', ...flags, path)).exitCode, 1)
    await lab.kopia.must('policy', 'set', '--global', '--before-snapshot-root-action=')
  }

  await context.test('the host is renamed', async () => {
    await lab.kopia.must('repository', 'set-client', '--hostname=container-2')
    await backUpTwice(renamed)
    await assertReported(renamed, undefined, 'container-2')
  })

  await context.test('a backup under the name of another user, host and path', async () => {
    await backUpTwice(before, '--override-source=other@elsewhere:/data/elsewhere')
    await assertReported('/data/elsewhere', 'other', 'elsewhere')
  })

  await context.test('the name of the user holds an @', async () => {
    await lab.kopia.must('repository', 'set-client', '--username=me@example.org')
    await backUpTwice(at)
    await assertReported(at, 'me@example.org', 'container-2')
  })

  await context.test('the path holds names of sources', async () => {
    const path = await lab.makeSource(join('colon', 'root@host:', 'data'))
    assert.ok(path.startsWith(colon))
    await backUpTwice(path)
    await assertReported(path, 'me@example.org', 'container-2')
  })
})
