// Extracts the commands of a documentation page, so that tests can run them.

import { readFile } from 'node:fs/promises'

type PrintedCommand = { readonly heading: string; readonly command: string }

/** Returns every `sh` block of one section (`## section`), with the subheading above it, or the section's own heading. */
export async function commandsOf(path: string, section: string): Promise<readonly PrintedCommand[]> {
  const page = await readFile(path, 'utf8')
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`))
  if (text === undefined) throw new Error(`${path} has no section ${section}`)
  return text.split(/^### /m).flatMap((part) => {
    const heading = part.split('\n')[0] ?? ''
    const blocks = [...part.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
    return blocks.map(([, command = '']) => ({ heading, command: command.trim() }))
  })
}
