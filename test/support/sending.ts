// Sends reports with the shipped script, and takes messages apart as a mail program does.

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type CommandResult, settingsOf } from './agent-command.ts'
import type { Lab } from './lab.ts'
import { start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { projectFolder } from './tools.ts'

/** Runs send-report.sh by a shell, with the agent of this checkout and these variables. */
export async function sendReport(
  lab: Lab,
  folder: string,
  variables: Readonly<Record<string, string>>,
  [shell = 'sh', ...more]: readonly string[] = [],
): Promise<CommandResult> {
  await mkdir(folder, { recursive: true })
  const agent = join(folder, 'agent')
  await writeFile(agent, `#!/bin/sh\nexec '${process.execPath}' '${agentEntry}' "$@"\n`, { mode: 0o755 })
  const script = join(projectFolder, 'deploy/report/send-report.sh')
  const running = start('send-report', shell, [...more, script], {
    environment: { ...settingsOf(lab), REPORT_AGENT: agent, REPORT_RETRY_SECONDS: '0', ...variables },
  })
  return { exitCode: await running.ended, output: running.output() }
}

type Message = {
  readonly headers: ReadonlyMap<string, string>
  /** The decoded parts by content type. */
  readonly parts: ReadonlyMap<string, string>
}

/** Takes a multipart message apart (RFC 5322, RFC 2046, RFC 2047). */
export function parseMessage(message: string): Message {
  const { headers, body } = split(message.replaceAll('\r\n', '\n'))
  const [, boundary = ''] = /boundary="([^"]+)"/.exec(headers.get('content-type') ?? '') ?? []
  const pieces = body.split(`--${boundary}`).slice(1, -1)
  const parts = pieces.map((piece) => {
    const { headers: own, body: content } = split(piece.replace(/^\n/, ''))
    const type = own.get('content-type')?.split(';')[0] ?? ''
    return [type, Buffer.from(content, 'base64').toString('utf8')] as const
  })
  return { headers, parts: new Map(parts) }
}

function split(text: string) {
  const end = text.indexOf('\n\n')
  const lines = text
    .slice(0, end)
    .replace(/\n[ \t]+/g, ' ')
    .split('\n')
  const headers = lines.map((line) => {
    const colon = line.indexOf(':')
    return [line.slice(0, colon).toLowerCase(), decodedWords(line.slice(colon + 1).trim())] as const
  })
  return { headers: new Map(headers), body: text.slice(end + 2) }
}

/** The space between two encoded words is not part of the text. */
function decodedWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?B\?([^?]*)\?=/g, (_, word: string) => Buffer.from(word, 'base64').toString('utf8'))
}
