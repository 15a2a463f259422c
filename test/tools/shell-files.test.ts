// Every shell script is checked by shellcheck, wherever it is.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

function shellFiles(checkout: string): readonly string[] {
  const script = join(projectFolder, 'tools/shell-files.sh')
  return execFileSync('sh', [script, checkout], { encoding: 'utf8' }).trim().split('\n').sort()
}

const shell: Readonly<Record<string, string>> = {
  'hook.sh': 'echo without a first line for the system\n',
  'deep/er/postinst': '#!/bin/sh -e\n',
  'a name': '#!/usr/bin/env bash\n',
  '.hidden/run': '#!/bin/sh',
}

const others: Readonly<Record<string, string>> = {
  'main.ts': '#!/usr/bin/env node\n// #!/bin/sh\n',
  'page.md': 'text\n#!/bin/sh\n',
  'ignored.sh': '#!/bin/sh\n',
  '.gitignore': 'ignored.sh\n',
  empty: '',
}

test('scripts are found by their name or their first line, committed or not', async (context) => {
  const checkout = await temporaryFolder(context)
  const git = (...parameters: readonly string[]) => execFileSync('git', parameters, { cwd: checkout })
  git('init', '--quiet')
  for (const [name, text] of Object.entries({ ...shell, ...others, 'deleted.sh': '#!/bin/sh\n' })) {
    await mkdir(dirname(join(checkout, name)), { recursive: true })
    await writeFile(join(checkout, name), text)
  }
  git('add', 'hook.sh', 'deleted.sh')
  await rm(join(checkout, 'deleted.sh'))
  assert.deepEqual(shellFiles(checkout), Object.keys(shell).sort())
})

test('the scripts of the project are among them', () => {
  const found = shellFiles(projectFolder)
  for (const name of ['.ci/run', 'deploy/package/deb/postinst', 'hooks/chain.sh', 'tools/check.sh']) {
    assert.ok(found.includes(name), name)
  }
})
