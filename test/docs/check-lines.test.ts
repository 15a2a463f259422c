// docs/commands.md lists every line that `check` prints.

import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectFolder } from '../support/tools.ts'

const read = (path: string) => readFile(join(projectFolder, path), 'utf8')

test('the table of check has every line that check prints, and no other', async () => {
  const subjects = new Set<string>()
  for await (const path of glob('agent/check/*.ts', { cwd: projectFolder })) {
    const text = await read(path)
    const found = text.matchAll(/\b(?:(?:ok|warning|failure)\(\s*|subject = )'([^']+)'/g)
    for (const [, name = ''] of found) subjects.add(name)
  }
  // agent/commands/check.ts prints this one.
  subjects.add('configuration')
  const section = (await read('docs/commands.md')).split('\n## ').find((part) => part.startsWith('check\n'))
  const rows = [...(section ?? '').matchAll(/^\| ([^|]+) \|/gm)].map(([, names = '']) => names)
  const listed = rows.filter((names) => names !== 'line').flatMap((names) => names.split(', '))
  assert.deepEqual(listed.toSorted(), [...subjects].toSorted())
})
