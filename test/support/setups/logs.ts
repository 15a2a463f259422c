// Looks into Kopia's logs, to wait for what Kopia does and to let time pass for the agent.

import { readdir, readFile, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import type { KopiaLab } from '../kopia.ts'
import { waitFor } from '../wait.ts'

/** Waits until the logs of a command hold `count` lines with a text. */
export async function waitForLines(kopia: KopiaLab, command: string, text: string, count = 1): Promise<void> {
  await waitFor(`Kopia logs "${text}"`, async () => {
    const lines = (await logsOf(kopia, command)).flatMap(({ content }) => content.split('\n'))
    return lines.filter((line) => line.includes(text)).length >= count ? true : undefined
  })
}

/** Makes the logs of a command look as if Kopia had written nothing for that time. */
export async function makeSilentFor(seconds: number, kopia: KopiaLab, command: string): Promise<void> {
  const writtenAt = Date.now() / 1000 - seconds
  for (const { path } of await logsOf(kopia, command)) await utimes(path, writtenAt, writtenAt)
}

async function logsOf(kopia: KopiaLab, command: string) {
  const folder = join(kopia.logDirectory, 'cli-logs')
  const names = (await readdir(folder)).filter((name) => name.includes(`-${command}.`))
  return Promise.all(
    names.map(async (name) => {
      const path = join(folder, name)
      return { path, content: await readFile(path, 'utf8') }
    }),
  )
}
