// Holds the rules of biome.json that keep agent/ in layers, by files that break them.

import assert from 'node:assert/strict'
import { copyFile, mkdir, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import type { Cleanable } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'

const project = fileURLToPath(new URL('../..', import.meta.url))

/** The order of the design, highest first. */
const tiers: readonly (readonly string[])[] = [
  ['commands'],
  ['daemon'],
  ['settings', 'web', 'push', 'backfill', 'check', 'verify', 'report', 'setup'],
  ['metrics', 'status', 'reconcile'],
  ['ledger', 'spool'],
  ['kopia/runs'],
  ['kopia/cli'],
  ['kopia/log'],
  ['kopia'],
  ['util'],
]
const folders = tiers.flat()

type Files = Readonly<Record<string, string>>

/** The files with an import that Biome refuses by the project's configuration, each with the rule. */
async function refused(context: Cleanable, files: Files): Promise<readonly string[]> {
  const root = await temporaryFolder(context)
  await copyFile(join(project, 'biome.json'), join(root, 'biome.json'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true })
    await writeFile(join(root, path), text)
  }
  const biome = join(project, 'node_modules', '.bin', 'biome')
  const options = ['lint', '--reporter=github', '--max-diagnostics=none', '--diagnostic-level=error', '.']
  const { stdout } = await execa(biome, options, { cwd: root, reject: false })
  const found = stdout.matchAll(/title=lint\/\w+\/(no\w*Imports|noImport\w+),file=([^,]+)/g)
  return [...new Set([...found].map(([, rule, file = '']) => `${relative(root, file)}: ${rule}`))].sort()
}

/** Every way to import that the rules must see; each file exports and uses what it needs to. */
const forms: Readonly<Record<string, (path: string) => string>> = {
  value: (path) => `import { a } from '${path}'\nexport const b = a\n`,
  type: (path) => `import type { A } from '${path}'\nexport type B = A\n`,
  inlineType: (path) => `import { type A, a } from '${path}'\nexport const b: A = a\n`,
  reExport: (path) => `export { a } from '${path}'\n`,
  dynamic: (path) => `export const { a } = await import('${path}')\n`,
}

function pathTo(folder: string, from: string): string {
  return `${'../'.repeat(from.split('/').length)}${folder}/target.ts`
}

test('every import from a folder into one above it is refused, and no other', async (context) => {
  const files: Record<string, string> = {}
  const expected: string[] = []
  for (const [level, from] of tiers.flatMap((tier, index) =>
    tier.map((folder) => [index, folder] as const),
  )) {
    files[`agent/${from}/target.ts`] = 'export type A = number\nexport const a = 1\n'
    for (const to of folders.filter((folder) => folder !== from)) {
      const file = `agent/${from}/to-${to.replace('/', '-')}.ts`
      files[file] = forms.value?.(pathTo(to, from)) ?? ''
      const isUpwards = tiers.findIndex((tier) => tier.includes(to)) < level
      if (isUpwards) expected.push(`${file}: noRestrictedImports`)
    }
  }
  assert.deepEqual(await refused(context, files), expected.sort())
})

test('an upward import is refused in every form, and so is any import of main.ts', async (context) => {
  const files: Record<string, string> = {
    'agent/main.ts': 'export type A = number\nexport const a = 1\n',
    'agent/daemon/target.ts': 'export type A = number\nexport const a = 1\n',
  }
  for (const [form, text] of Object.entries(forms)) {
    files[`agent/ledger/${form}.ts`] = text('../daemon/target.ts')
    files[`agent/commands/${form}.ts`] = text('../main.ts')
    files[`agent/kopia/cli/${form}.ts`] = text('../../main.ts')
  }
  const expected = Object.keys(forms).flatMap((form) =>
    ['commands', 'kopia/cli', 'ledger'].map((folder) => `agent/${folder}/${form}.ts: noRestrictedImports`),
  )
  assert.deepEqual(await refused(context, files), expected.sort())
})

test('a circle of imports is refused in every form, also within a folder', async (context) => {
  const files: Record<string, string> = {}
  for (const [form, text] of Object.entries(forms)) {
    files[`agent/web/${form}-one.ts`] = `export type A = number\n${text(`./${form}-two.ts`)}`
    files[`agent/web/${form}-two.ts`] = `import type { A } from './${form}-one.ts'\nexport const a: A = 1\n`
  }
  const expected = Object.keys(files).map((file) => `${file}: noImportCycles`)
  assert.deepEqual(await refused(context, files), expected.sort())
})
