// How fast Kopia's logs are read: against `grep -c` and Node's readline, over the same file, in one run.

import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { open, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { readSegment } from '../../agent/kopia/log/segment-reader.ts'
import { addRecord } from '../../agent/kopia/runs/add-record.ts'
import { noEvidence } from '../../agent/kopia/runs/evidence.ts'
import { createKopiaLab } from '../support/kopia.ts'
import { type Bench, median, type Result } from './bench.ts'
import { interleaved, withFolder } from './measure.ts'

const bytes = 400e6
const rounds = 5
const fileName = 'kopia-20261124-120000-1-snapshot-create.0.log'

/** The log of a real backup, whose middle is repeated until it is as long as a debug log of several hours. */
export async function makeLongLog(folder: string, bytesWanted: number): Promise<string> {
  const kopia = await createKopiaLab(join(folder, 'kopia'), join(folder, 'state'))
  await kopia.must('snapshot', 'create', new URL('../../node_modules', import.meta.url).pathname)
  const cliLogs = join(kopia.logDirectory, 'cli-logs')
  const name = (await readdir(cliLogs)).find((entry) => entry.includes('snapshot-create')) ?? ''
  const lines = (await readFile(join(cliLogs, name), 'utf8')).split('\n')
  const begin = lines.findIndex((line) => line.includes(' DEBUG uploader uploading'))
  const end = lines.findIndex((line) => line.includes('"path":"."'))
  const [head, body, tail] = [lines.slice(0, begin + 1), lines.slice(begin + 1, end), lines.slice(end)]
  const block = Buffer.from(`${body.join('\n')}\n`)
  const path = join(folder, fileName)
  const file = await open(path, 'w')
  await file.write(`${head.join('\n')}\n`)
  for (let written = 0; written < bytesWanted; written += block.length) await file.write(block)
  await file.write(tail.join('\n'))
  await file.close()
  return path
}

async function readAsAgent(path: string): Promise<void> {
  let evidence = noEvidence
  const parts = readSegment({ path, command: 'snapshot-create', offset: 0, lastRecord: 'complete' })
  for await (const { records } of parts) evidence = records.reduce(addRecord, evidence)
  if (evidence.attempts[0]?.reportedResult?.kind !== 'created')
    throw new Error('the backup was not found in the log')
}

async function readByLine(path: string): Promise<void> {
  let found = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (line.includes('kopia/cli')) found += 1
  }
  if (found === 0) throw new Error('found no line of a backup')
}

/** The milliseconds of each reader, measured in turn, for a log of about so many bytes. */
export async function measureReaders(folder: string, bytesWanted: number, count: number) {
  const path = await makeLongLog(folder, bytesWanted)
  return interleaved(count, {
    grep: () => execFileSync('grep', ['-c', 'kopia/cli', path]),
    agent: () => readAsAgent(path),
    readline: () => readByLine(path),
  })
}

async function measure(folder: string): Promise<Result> {
  const before = process.memoryUsage.rss()
  const of = await measureReaders(folder, bytes, rounds)
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20
  const megabytes = (await stat(join(folder, fileName))).size / 1e6
  const speeds = (values: readonly number[]) => values.map((value) => (megabytes / value) * 1000)
  const ratio = median(of('grep')) / median(of('agent'))
  return {
    rows: [
      { what: '`grep -c`', unit: 'MB/s', values: speeds(of('grep')) },
      { what: 'this agent', unit: 'MB/s', values: speeds(of('agent')) },
      { what: "Node's `readline`", unit: 'MB/s', values: speeds(of('readline')) },
      { what: 'memory that the readers add', unit: 'MiB', values: [grown] },
    ],
    verdicts: [
      { promise: 'speed, relative to `grep -c`', unit: '×', reached: ratio, limit: 0.5, bound: 'at least' },
    ],
  }
}

export const readLogs: Bench = {
  name: 'read-logs',
  question: `how fast a debug log of ${bytes / 1e6} MB is read, against \`grep -c\` and Node's readline`,
  run: () => withFolder(measure),
}
