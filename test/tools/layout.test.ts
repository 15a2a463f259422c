import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { layoutProblems } from '../../tools/layout.ts'
import { temporaryFolder } from '../support/folder.ts'

/** A function in Biome's format, of so many lines in all; a block within it ends by a brace, too. */
function functionOf(lines: number, first = 'export function work(): void {', last = '}'): string {
  const indentation = /^ */.exec(last)?.[0] ?? ''
  const within = ['if (a) {', '  b()', '}', ...new Array(lines - 4 - first.split('\n').length).fill('b()')]
  return [first, ...within.map((line) => `${indentation}  ${line}`), last, ''].join('\n')
}

const cases: readonly (readonly [what: string, file: string, text: string, problem: RegExp | undefined])[] = [
  ['main.ts in agent/', 'main.ts', 'export {}\n', undefined],
  [
    'another file in agent/',
    'other.ts',
    'export {}\n',
    /^agent\/other\.ts: only main\.ts belongs in agent\//,
  ],
  ['8,000 bytes', 'web/a.ts', 'x'.repeat(8000), undefined],
  ['8,001 bytes', 'web/a.ts', 'x'.repeat(8001), /^agent\/web\/a\.ts: 8001 bytes; split it/],
  ['4,001 characters of two bytes', 'web/a.ts', 'é'.repeat(4001), /: 8002 bytes;/],
  [
    '8,001 bytes with a reason in the header',
    'web/a.ts',
    `// A table.\n// Over 8 kB because it is one table.\n\n${'x'.repeat(8001)}`,
    undefined,
  ],
  [
    '8,001 bytes with a reason elsewhere',
    'web/a.ts',
    `// A table.\n\n${'x'.repeat(8001)}\n// Over 8 kB because it is one table.\n`,
    /bytes; split it/,
  ],
  ['a function of 60 lines', 'web/a.ts', functionOf(60), undefined],
  [
    'a function of 61 lines',
    'web/a.ts',
    functionOf(61),
    /^agent\/web\/a\.ts: line 1: a function of 61 lines/,
  ],
  [
    'a function of 61 lines with destructured parameters',
    'web/a.ts',
    functionOf(61, 'export async function work({\n  a,\n}: Options): Promise<void> {'),
    /line 1: a function of 61 lines/,
  ],
  [
    'a function of 61 lines with parameters on lines of their own',
    'web/a.ts',
    functionOf(61, 'function work(\n  a: boolean,\n): void {'),
    /a function of 61 lines/,
  ],
  [
    'an arrow function of 61 lines',
    'web/a.ts',
    functionOf(61, 'const work = async () => {'),
    /a function of 61 lines/,
  ],
  [
    'a method of 61 lines',
    'web/a.ts',
    `const a = {\n${functionOf(61, '  async work(): Promise<void> {', '  },')}}\n`,
    /line 2: a function of 61 lines/,
  ],
  ['two functions of 40 lines', 'web/a.ts', functionOf(40) + functionOf(40), undefined],
  ['the wiring of 120 lines', 'daemon/agent.ts', functionOf(120), undefined],
  ['the wiring of 122 lines', 'daemon/agent.ts', functionOf(122), /a function of 122 lines/],
  ['a dynamic import of a string', 'web/a.ts', "await import('./b.ts')\n", undefined],
  ['a dynamic import of a template', 'web/a.ts', 'await import(`./b.ts`)\n', /import\(\) only as/],
  ['an import type within a type', 'web/a.ts', "type B = import('./b.ts').B\n", /import\(\) only as/],
]

for (const [what, file, text, problem] of cases) {
  test(`layout check, ${what}: ${problem === undefined ? 'passes' : 'fails'}`, async (context) => {
    const agent = await temporaryFolder(context)
    await mkdir(dirname(join(agent, file)), { recursive: true })
    await writeFile(join(agent, file), text)
    const problems = await layoutProblems(agent)
    if (problem === undefined) assert.deepEqual(problems, [])
    else assert.match(problems.join('\n'), problem)
  })
}
