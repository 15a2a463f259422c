// The packages' scripts before a removal, run by sh with programs in place of systemd's that write down how they were called.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

const packaging = join(projectFolder, 'deploy/package')
const installed = '/usr/lib/kopia-metrics-agent'

/** `systemctl` tells of one user who is logged in: root, since every machine has that one. */
const programs = {
  systemctl:
    'echo "systemctl $*" >>"$CALLS"; case $1 in list-units) echo "user@0.service loaded active running";; esac',
  'deb-systemd-invoke': 'echo "deb-systemd-invoke $*" >>"$CALLS"',
  runuser: 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"',
}

for (const [script, argument] of [
  ['deb/prerm', 'remove'],
  ['rpm/preremove', '0'],
] as const) {
  test(`${script} stops users' own agents too, those of several repositories included`, async (context) => {
    const folder = await temporaryFolder(context)
    const lib = join(folder, 'lib')
    const bin = join(folder, 'bin')
    const calls = join(folder, 'calls')
    await mkdir(join(lib, 'hooks'), { recursive: true })
    await cp(join(packaging, 'user-agents.sh'), join(lib, 'user-agents.sh'))
    await mkdir(bin)
    for (const [name, line] of Object.entries(programs)) {
      await writeFile(join(bin, name), `#!/bin/sh\n${line}\n`, { mode: 0o755 })
    }
    const text = (await readFile(join(packaging, script), 'utf8'))
      .replaceAll(installed, lib)
      .replaceAll('/run/systemd/system', folder)
    await writeFile(join(folder, 'script'), text)
    execFileSync('sh', [join(folder, 'script'), argument], {
      cwd: folder,
      env: { PATH: `${bin}:/usr/bin:/bin`, CALLS: calls },
    })
    const ofUser = (await readFile(calls, 'utf8')).split('\n').filter((line) => line.includes('--user stop'))
    assert.deepEqual(ofUser, [
      'systemctl --user stop kopia-metrics-agent.service kopia-metrics-agent@*.service ' +
        'kopia-metrics-agent-report.timer kopia-metrics-agent-report@*.timer ' +
        'kopia-metrics-agent-report.service kopia-metrics-agent-report@*.service',
    ])
  })
}
