// How fast Kopia's logs are read: against `grep -c` and Node's readline, over the same file, in one run.

import { execFileSync } from 'node:child_process'
import { createReadStream } from 'node:fs'
import { mkdtemp, open, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { scanToEnd } from '../../agent/kopia/log-scan.ts'
import { parseSegmentName } from '../../agent/kopia/segment-name.ts'
import { readSegment } from '../../agent/kopia/segment-reader.ts'
import { newRun } from '../../agent/kopia/tracked-run.ts'
import { createKopiaLab } from '../support/kopia.ts'

const bytesWanted = 400e6
const rounds = 5
const fileName = 'kopia-20261124-120000-1-snapshot-create.0.log'

/** A real log of a real backup, its middle repeated until it is long: what a debug log of hours looks like. */
async function makeLongLog(folder: string): Promise<string> {
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

async function readAsAgent(folder: string): Promise<void> {
  const segment = parseSegmentName(fileName)
  if (segment === undefined) throw new Error(`${fileName} is no segment`)
  const run = await readSegment(newRun(1, 'snapshot-create'), folder, segment, scanToEnd)
  if (run.evidence.attempts[0]?.claim?.kind !== 'created')
    throw new Error('the backup was not found in the log')
}

async function readByLine(path: string): Promise<void> {
  let found = 0
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (line.includes('kopia/cli')) found += 1
  }
  if (found === 0) throw new Error('nothing was found')
}

/** The median of several rounds, in bytes per second. */
async function speed(bytes: number, work: () => Promise<void> | void): Promise<number> {
  const seconds: number[] = []
  for (let round = 0; round < rounds; round += 1) {
    const begin = process.hrtime.bigint()
    await work()
    seconds.push(Number(process.hrtime.bigint() - begin) / 1e9)
  }
  return bytes / (seconds.sort((one, other) => one - other)[Math.floor(rounds / 2)] ?? Number.NaN)
}

const folder = await mkdtemp(join(tmpdir(), 'kopia-metrics-bench-'))
try {
  const path = await makeLongLog(folder)
  const file = await open(path, 'r')
  const { size } = await file.stat()
  await file.close()
  const grep = await speed(size, () => void execFileSync('grep', ['-c', 'kopia/cli', path]))
  const before = process.memoryUsage.rss()
  const agent = await speed(size, () => readAsAgent(folder))
  const grown = process.memoryUsage.rss() - before
  const readline = await speed(size, () => readByLine(path))
  const rows = { 'grep -c': grep, 'this agent': agent, 'Node readline': readline }
  for (const [name, bytesPerSecond] of Object.entries(rows)) {
    const megabytes = `${(bytesPerSecond / 1e6).toFixed(0)} MB/s`
    process.stdout.write(
      `${name.padEnd(16)}${megabytes.padStart(10)}${(bytesPerSecond / grep).toFixed(2).padStart(8)} of grep\n`,
    )
  }
  process.stdout.write(
    `memory grown by reading ${(size / 1e6).toFixed(0)} MB ${rounds} times: ${(grown / 2 ** 20).toFixed(1)} MiB\n`,
  )
} finally {
  await rm(folder, { recursive: true, force: true })
}
