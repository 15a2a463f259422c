// The logs of Kopia on Windows, read in WSL: made lines in the form that Kopia prints there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseRecord } from '../../../agent/kopia/log/record.ts'
import { parseSegmentName } from '../../../agent/kopia/log/segment-name.ts'
import { addRecord } from '../../../agent/kopia/runs/add-record.ts'
import { noEvidence } from '../../../agent/kopia/runs/evidence.ts'
import { logMachine } from '../../../agent/kopia/runs/log-machine.ts'
import { unseenProcesses } from '../../../agent/kopia/runs/process.ts'
import { startTracking } from '../../support/tracking.ts'

test('logs are those of Windows on its drives in WSL, and nowhere else', () => {
  const wsl2 = '5.15.167.4-microsoft-standard-WSL2'
  assert.equal(logMachine(wsl2, '9p'), 'windows')
  assert.equal(logMachine(wsl2, 'virtiofs'), 'windows')
  assert.equal(logMachine('4.4.0-19041-Microsoft', 'drvfs'), 'windows')
  assert.equal(logMachine(wsl2, 'ext4'), 'this')
  assert.equal(logMachine('6.1.0-28-amd64', '9p'), 'this')
  assert.equal(logMachine('24.5.0', undefined), 'this')
})

const path = 'C:\\Users\\me\\Documents'
const name = `me@pc:${path}`

for (const [form, lines] of Object.entries({
  'a command': [
    `INFO kopia/cli Snapshotting ${name} ...`,
    `DEBUG uploader uploading\t${JSON.stringify({ source: name })}`,
    'INFO kopia/cli Created snapshot with root kb9 and ID 0fd2 in 1s',
    'DEBUG kopia/repo [STORAGE] Close\t{"error":null}',
  ],
  'a server': [
    `DEBUG kopia/server snapshotting\t${JSON.stringify({ source: name })}`,
    `DEBUG kopia/server starting upload of ${name}`,
    'DEBUG kopia/server created snapshot 0fd2',
    `DEBUG kopia/server finished uploading ${name}`,
  ],
})) {
  test(`the lines of ${form} name a source of Windows as it is in the repository`, () => {
    const evidence = lines.reduce((run, line) => {
      const record = parseRecord(`2026-11-24T12:00:00.000000Z ${line}`)
      assert.ok(record, line)
      return addRecord(run, record)
    }, noEvidence)
    assert.deepEqual(
      evidence.attempts.map(({ source, reportedResult }) => [source, reportedResult]),
      [
        [
          { user: 'me', host: 'pc', path },
          { kind: 'created', snapshotId: '0fd2' },
        ],
      ],
    )
  })
}

test('the name of a log has the pid of Windows', () => {
  assert.equal(parseSegmentName('kopia-20261124-113623-21744-server-start.0.log')?.processId, 21_744)
})

test('a run of Windows goes on while its log is silent, though WSL has started since, and ends with its last line', async (context) => {
  const { tracker, write, writeRecord, clock } = await startTracking(context, { processes: unseenProcesses })
  await write(`Snapshotting ${name} ...`)
  await tracker.sweep()
  clock.now += 1800
  const ended = async () => {
    await tracker.endFinishedRuns()
    return [...tracker.runs.values()].map(({ state }) => state)
  }
  assert.deepEqual(await ended(), ['open'])
  await writeRecord('DEBUG kopia/repo [STORAGE] Close\t{"error":null}')
  clock.now += 2
  assert.deepEqual(await ended(), ['ended'])
})
