// Names of users that a real Kopia takes, but does not understand in an argument.

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createKopia } from '../../../agent/kopia/cli/client.ts'
import { formatSource, isReadByKopia, parseSource } from '../../../agent/kopia/source.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { createKopiaLab } from '../../support/kopia.ts'
import { tool } from '../../support/tools.ts'

for (const user of ['me', 'me@example.org', 'a:b']) {
  test(`the snapshots of the user ${user} are found`, async (context) => {
    const folder = await temporaryFolder(context)
    const lab = await createKopiaLab(folder, join(folder, 'state'))
    await lab.must('repository', 'set-client', `--username=${user}`, '--hostname=nas')
    const source = { user, host: 'nas', path: join(folder, 'a source@of:mine') }
    await mkdir(source.path)
    await lab.must('snapshot', 'create', source.path)
    const kopia = createKopia({
      binary: tool('kopia'),
      configPath: lab.environment.KOPIA_CONFIG_PATH ?? '',
      password: lab.environment.KOPIA_PASSWORD ?? '',
      logDirectory: lab.logDirectory,
      ownLogDirectory: join(folder, 'kopia-logs'),
      signal: context.signal,
      onCall: () => undefined,
      timeLimitMs: undefined,
    })
    const answer = await kopia.snapshots(source)
    assert.deepEqual(answer.ok && answer.value.map((snapshot) => snapshot.source), [source])

    // The log has the text form, which leads back to the same source.
    const logs = join(lab.logDirectory, 'cli-logs')
    const name = (await readdir(logs)).find((log) => log.includes('snapshot-create'))
    const log = await readFile(join(logs, name ?? ''), 'utf8')
    const printed = /Snapshotting (.*) \.\.\.$/m.exec(log)?.[1] ?? ''
    assert.deepEqual([printed, parseSource(printed)], [formatSource(source), source])
    // What Kopia makes of the argument: it is why all snapshots have to be listed for some.
    const listed = await lab.must('snapshot', 'list', '--all', '--json', '--', formatSource(source))
    assert.equal(
      listed.output.includes(answer.ok ? (answer.value[0]?.id ?? '?') : '?'),
      isReadByKopia(source),
    )
  })
}
