// The report as mail: the shipped script, a real msmtp, and a mail server that requires STARTTLS and a login.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLab, figuresAfter } from '../support/lab.ts'
import { startMailbox } from '../support/mailbox.ts'
import { parseMessage, sendReport } from '../support/sending.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

test('msmtp delivers the report with its subject, text and HTML; what it cannot deliver is told', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('fotos-für-写真')
  const agent = await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(agent, path, 1)
  const folder = await temporaryFolder(context)
  const authority = makeAuthority(folder, 'authority')
  const user = { name: 'backups', password: 'correct horse' }
  const mailbox = await startMailbox(context, makeCertificate(folder, 'mail', authority), user)
  const [host, port] = mailbox.address.split(':')
  const configuration = join(folder, 'msmtprc')
  const settings = [
    `host ${host}`,
    `port ${port}`,
    'auth on',
    `user ${user.name}`,
    `password "${user.password}"`,
    'tls on',
    `tls_trust_file ${authority.certificate}`,
    'from nas@example.com',
  ]
  await writeFile(configuration, `defaults\n${settings.join('\n')}\naccount default\n`, { mode: 0o600 })
  const program = join(folder, 'sendmail')
  await writeFile(program, `#!/bin/sh\nexec '${tool('msmtp')}' --file='${configuration}' "$@"\n`, {
    mode: 0o755,
  })
  const variables = {
    REPORT_MAIL_TO: 'anna@example.com, ben@example.com',
    REPORT_MAIL_FROM: 'NAS <nas@example.com>',
    REPORT_SENDMAIL: program,
  }
  await waitFor('the ledger is saved', async () => {
    const { output } = await sendReport(lab, folder, variables)
    return output.startsWith('✓') ? true : undefined
  })
  const message = mailbox.letters.at(-1) ?? ''
  for (const line of message.split('\r\n')) assert.ok(line.length <= 78, line)
  const { headers, parts } = parseMessage(message)
  assert.match(
    headers.get('subject') ?? '',
    /^✓ .*: The one backup is good: 1 since \w{3} \d+ \w{3}, nothing overdue$/,
  )
  assert.equal(headers.get('to'), 'anna@example.com, ben@example.com')
  assert.equal(headers.get('from'), 'NAS <nas@example.com>')
  assert.equal(headers.get('auto-submitted'), 'auto-generated')
  assert.ok(Math.abs(Date.parse(headers.get('date') ?? '') - Date.now()) < 600_000)
  assert.match(parts.get('text/plain') ?? '', /fotos-für-写真/)
  assert.match(parts.get('text/html') ?? '', /<h1[^>]*>✓ The one backup is good[\s\S]*fotos-für-写真/)

  const nobody = await sendReport(lab, folder, { ...variables, REPORT_SENDMAIL: '/bin/false' })
  assert.equal(nobody.exitCode, 1)
  assert.match(nobody.output, /send-report: the mail to anna@example\.com, ben@example\.com was not sent\n$/)
})
