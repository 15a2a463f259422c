// CONTRIBUTING.md says how to test what: each command in it runs something that exists.

import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { projectFolder } from '../support/tools.ts'

const read = (path: string) => readFile(join(projectFolder, path), 'utf8')
const page = await read('CONTRIBUTING.md')

test('each pattern of test files has a file', async () => {
  const commands = [...page.matchAll(/`node --test ([^`]*)`/g)].map(([, parameters = '']) => parameters)
  const patterns = commands
    .flatMap((parameters) => parameters.split(' '))
    .filter((one) => !/[A-Z]{4}/.test(one))
  assert.ok(patterns.length > 20, patterns.join('\n'))
  for (const pattern of patterns) {
    const found: string[] = []
    for await (const file of glob(pattern, { cwd: projectFolder })) found.push(file)
    assert.notEqual(found.length, 0, pattern)
  }
})

test('each npm script is one, and a part of the tests is named where its files are', async () => {
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(await read('package.json'))
  for (const [, name = ''] of page.matchAll(/`npm run ([\w:-]+)/g)) assert.ok(name in scripts, name)
  for (const part of ['stack', 'fleet', 'kubernetes', 'arm64']) {
    const files: string[] = []
    for await (const file of glob(`test/**/*.${part}.ts`, { cwd: projectFolder })) files.push(file)
    assert.ok(files.length > 0 && !files.some((file) => file.startsWith('test/e2e/')), part)
    const rows = page.split('\n').filter((line) => line.startsWith('| ') && line.includes(`test:${part}`))
    // The table of what to run, and that of how long it takes.
    assert.ok(rows.length >= 2, part)
  }
})
