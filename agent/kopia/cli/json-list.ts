// Reads a JSON list that Kopia writes with one entry per line (cli/json_output.go), without holding it as a whole.

import { parseJson } from '../../util/json.ts'

type ListReader = {
  /** Takes the next line of Kopia's output. */
  readonly addLine: (line: string) => void
  /** Throws an Error that names the first unexpected value. */
  readonly end: () => void
}

/** Calls `onEntry` with each parsed entry; what it throws is what `end` throws. `what` names the list in errors. */
export function createListReader(what: string, onEntry: (entry: unknown, index: number) => void): ListReader {
  let state: 'before' | 'within' | 'after' = 'before'
  let count = 0
  let problem: unknown

  function take(line: string): void {
    const text = line.trim()
    if (text === '') return
    if (state === 'before' && text === '[') state = 'within'
    else if (state === 'within' && text === ']') state = 'after'
    else if (state === 'within') add(parseJson(text.replace(/,$/, '')))
    else if (state === 'before' && text.startsWith('[')) addAll(parseJson(text))
    else throw new Error(`expected a list of ${what}, found ${JSON.stringify(text.slice(0, 60))}`)
  }

  function addAll(list: unknown): void {
    if (!Array.isArray(list)) throw new Error(`expected a list of ${what}`)
    for (const entry of list) add(entry)
    state = 'after'
  }

  function add(entry: unknown): void {
    onEntry(entry, count)
    count += 1
  }

  return {
    addLine: (line) => {
      if (problem !== undefined) return
      try {
        take(line)
      } catch (error) {
        problem = error
      }
    },
    end: () => {
      if (problem !== undefined) throw problem
      if (state !== 'after') throw new Error(`expected a list of ${what} to its end`)
    },
  }
}
