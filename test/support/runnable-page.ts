// The commands that a page shows, to be run as they are printed.

import { readFile } from 'node:fs/promises'

export type PrintedCommand = { readonly heading: string; readonly command: string }

/** Every command in a `sh` block under the headings of one section (`## section`). */
export async function commandsOf(path: string, section: string): Promise<readonly PrintedCommand[]> {
  const page = await readFile(path, 'utf8')
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`))
  if (text === undefined) throw new Error(`${path} has no section ${section}`)
  return text
    .split(/^### /m)
    .slice(1)
    .flatMap((part) => {
      const heading = part.split('\n')[0] ?? ''
      const blocks = [...part.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
      return blocks.map(([, command = '']) => ({ heading, command: command.trim() }))
    })
}
