// The report as a message for sendmail (RFC 5322, RFC 2045): text and HTML, of which a mail program shows the better one. Pure.

import { visible } from '../status/words.ts'
import type { DateWords } from './dates.ts'
import { headline, verdictMarks } from './headline.ts'
import { reportHtml } from './html.ts'
import type { Report } from './report.ts'
import { reportText } from './text.ts'

/** Bytes of text in an encoded word: a line with it has 76 characters at most, the name Subject included (RFC 2047, 2). */
const wordBytes = 39

/** A message without From and To, with bare line feeds, as sendmail reads it. `id` makes its Message-ID and boundary unique. */
export function reportMail(report: Report, dates: DateWords, id: string): string {
  const { instance, period, verdict } = report
  const boundary = `kopia-${id}`
  const subject = `${verdictMarks[verdict]} ${visible(instance)}: ${headline(report, dates)}`
  const host = instance.replace(/[^A-Za-z0-9.-]/g, '-') || 'localhost'
  const headers = [
    `Subject: ${encodedHeader(subject)}`,
    `Date: ${new Date(period.until * 1000).toUTCString().replace('GMT', '+0000')}`,
    `Message-ID: <${id}@${host}>`,
    // No holiday reply may answer it (RFC 3834, 5).
    'Auto-Submitted: auto-generated',
    'MIME-Version: 1.0',
    `Content-Type: multipart/alternative;\n boundary="${boundary}"`,
  ]
  const part = (type: string, content: string) =>
    `--${boundary}\nContent-Type: ${type}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n${base64Lines(content)}\n`
  const parts = [part('text/plain', reportText(report, dates)), part('text/html', reportHtml(report, dates))]
  return `${headers.join('\n')}\n\n${parts.join('')}--${boundary}--\n`
}

/** Words of whole characters, one a line (RFC 2047, 2 and 5). */
function encodedHeader(text: string): string {
  const words: string[] = []
  let word = ''
  for (const character of text) {
    if (Buffer.byteLength(word + character) > wordBytes) {
      words.push(word)
      word = ''
    }
    word += character
  }
  return [...words, word].map((one) => `=?utf-8?B?${Buffer.from(one).toString('base64')}?=`).join('\n ')
}

function base64Lines(text: string): string {
  return (
    Buffer.from(text)
      .toString('base64')
      .match(/.{1,76}/g) ?? []
  ).join('\n')
}
