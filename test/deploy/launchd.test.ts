// The property list for launchd, read by Python's plistlib, and its command run by a shell as launchd would.

import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { temporaryFolder } from '../support/folder.ts'

const file = fileURLToPath(new URL('../../deploy/launchd/kopia-metrics-agent.plist', import.meta.url))
const toJson = 'import json,plistlib,sys; print(json.dumps(plistlib.load(open(sys.argv[1],"rb"))))'

type Job = {
  readonly Label: string
  readonly ProgramArguments: readonly string[]
  readonly EnvironmentVariables: { readonly PATH: string }
}

const readJob = (): Job => JSON.parse(execFileSync('python3', ['-c', toJson, file], { encoding: 'utf8' }))

test('the property list is one, and has what launchd.plist(5) knows', () => {
  const job = readJob()
  const { ProgramArguments: _, EnvironmentVariables: environment, ...others } = job
  assert.deepEqual(others, {
    Label: basename(file, '.plist'),
    RunAtLoad: true,
    KeepAlive: true,
    ThrottleInterval: 30,
    ExitTimeOut: 15,
    ProcessType: 'Background',
    Umask: 0o077,
  })
  assert.ok(environment.PATH.split(':').includes('/opt/homebrew/bin'))
})

test('each start begins a new log, keeps the one before, and becomes the agent itself', async (context) => {
  const home = await temporaryFolder(context)
  const programs = join(home, 'bin')
  await mkdir(programs)
  await writeFile(
    join(programs, 'kopia-metrics-agent'),
    '#!/bin/sh\necho "$1 of $START"\necho "pid $$" >&2\nexit 7\n',
    { mode: 0o755 },
  )
  const [shell = '', ...parameters] = readJob().ProgramArguments
  const start = (name: string) =>
    spawnSync(shell, parameters, {
      env: { HOME: home, PATH: `${programs}:/usr/bin:/bin`, START: name },
      encoding: 'utf8',
    })
  const results = ['first', 'second', 'third'].map(start)
  for (const { status, stdout, stderr } of results) assert.deepEqual([status, stdout, stderr], [7, '', ''])
  const log = join(home, 'Library', 'Logs', 'kopia-metrics-agent.log')
  assert.equal(await readFile(log, 'utf8'), `run of third\npid ${results[2]?.pid}\n`)
  assert.equal(await readFile(`${log}.old`, 'utf8'), `run of second\npid ${results[1]?.pid}\n`)
})
