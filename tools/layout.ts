// Checks what Biome has no rule for in agent/: where files are, their size, and the length of functions. The order of
// the folders is in biome.json. `npm run check`.

import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'

const mostBytes = 8000
const mostLines = 60
/** The wiring of the whole daemon may be longer. */
const mostLinesOf: Readonly<Record<string, number>> = { 'daemon/agent.ts': 120 }

/** Everything that is wrong with the files below `agent`, one line each. */
export async function layoutProblems(agent: string): Promise<readonly string[]> {
  const entries = await readdir(agent, { recursive: true, withFileTypes: true })
  const paths = entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
  const problems = await Promise.all(
    paths.toSorted().map(async (path) => {
      const name = relative(agent, path)
      return problemsOf(name, await readFile(path, 'utf8')).map((problem) => `agent/${name}: ${problem}`)
    }),
  )
  return problems.flat()
}

function problemsOf(name: string, text: string): readonly string[] {
  return [
    ...placeProblems(name),
    ...sizeProblems(text),
    ...functionProblems(name, text),
    ...importProblems(text),
  ]
}

function placeProblems(name: string): readonly string[] {
  return name.includes('/') || name === 'main.ts'
    ? []
    : ['only main.ts belongs in agent/ itself; move this file into a folder']
}

function sizeProblems(text: string): readonly string[] {
  const bytes = Buffer.byteLength(text)
  const [header = ''] = text.split('\n\n')
  const isExplained = /^\/\/ .*\bover 8 kB because \S/im.test(header)
  return bytes <= mostBytes || isExplained
    ? []
    : [`${bytes} bytes; split it, or add "// Over 8 kB because …" to its first lines`]
}

/** Biome's noExcessiveLinesPerFunction leaves out lines that only close a bracket, so it lets longer functions pass. */
function functionProblems(name: string, text: string): readonly string[] {
  const most = mostLinesOf[name] ?? mostLines
  const lines = text.split('\n')
  return lines.flatMap((line, index) => {
    if (!opensFunction(line)) return []
    const length = 2 + lines.slice(index + 1).findIndex((later) => closes(later, line))
    return length > most
      ? [`line ${index + 1}: a function of ${length} lines; split it, ${most} are allowed`]
      : []
  })
}

function opensFunction(line: string): boolean {
  if (/^ *(\/\/|\/?\*|(if|for|while|switch) )/.test(line)) return false
  return /\bfunction\b.*[({]$|=> \{$|^ +[\w #]+\(.*\{$|^ *\).*\{$/.test(line)
}

/** In Biome's format a function ends where a line with the indentation of its first line begins with a brace. */
function closes(line: string, first: string): boolean {
  const indentation = /^ */.exec(first)?.[0] ?? ''
  // `}: Options): Result {` ends the parameters.
  return line.startsWith(`${indentation}}`) && !/^ *\}: .*\{$/.test(line)
}

/** Biome's rules for imports see neither `import('./a.ts').Type` nor import() of a template. */
function importProblems(text: string): readonly string[] {
  return /(?<!\bawait )\bimport\s*\(|\bimport\s*\((?!['"])/.test(text)
    ? ['import() only as "await import" of a plain string; types by "import type"']
    : []
}

if (import.meta.main) {
  const problems = await layoutProblems(join(import.meta.dirname, '..', 'agent'))
  for (const problem of problems) console.error(problem)
  process.exitCode = problems.length > 0 ? 1 : 0
}
