// Uncomments each example receiver in alertmanager.yml, checks it with amtool, and sends it a real alert.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { alertmanagerFile, startAlertmanagerWith } from '../support/alertmanager.ts'
import { makeAuthority, makeCertificate } from '../support/certificates.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startMailbox } from '../support/mailbox.ts'
import { type Example, examplesIn } from '../support/receiver-examples.ts'
import type { Service } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'
import { startWebhook } from '../support/webhook.ts'

const examples = examplesIn(await readFile(alertmanagerFile, 'utf8'))
const severities: Readonly<Record<string, string>> = {
  critical: 'critical',
  warning: 'warning',
  watchdog: 'none',
}

async function sendAlert(alertmanager: Service, { receiver }: Example): Promise<void> {
  const labels = {
    alertname: receiver === 'watchdog' ? 'Watchdog' : 'KopiaBackupFailed',
    severity: severities[receiver],
    host: 'vm',
  }
  const response = await fetch(`${alertmanager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ labels, annotations: { summary: 'Backup operation failed' } }]),
  })
  assert.equal(response.status, 200, await response.text())
}

test('there are examples for mail, webhooks, ntfy and a dead man’s switch', () => {
  assert.deepEqual(
    examples.map(({ receiver, kind }) => `${receiver} ${kind}`),
    [
      'critical email_configs',
      'critical webhook_configs',
      'critical webhook_configs',
      'watchdog webhook_configs',
    ],
  )
})

for (const example of examples) {
  test(`${example.receiver}: ${example.about}: amtool accepts it`, async (context) => {
    const path = join(await temporaryFolder(context), 'alertmanager.yml')
    await writeFile(path, example.file)
    assert.match(execFileSync(tool('amtool'), ['check-config', path], { encoding: 'utf8' }), /SUCCESS/)
  })
}

for (const example of examples.filter(({ kind }) => kind === 'webhook_configs')) {
  test(`${example.receiver}: ${example.about}: the alert arrives at its URL`, async (context) => {
    const webhook = await startWebhook(context)
    let expected = ''
    const folder = await temporaryFolder(context)
    const alertmanager = await startAlertmanagerWith(folder, example.file, (receiver) => {
      for (const configuration of receiver.webhook_configs ?? []) {
        const { pathname, search } = new URL(configuration.url)
        expected = `${pathname}${search}`
        configuration.url = new URL(expected, webhook.url).href
      }
    })
    cleanUpAfter(context, () => alertmanager.stop())
    await sendAlert(alertmanager, example)
    const { annotations } = await webhook.awaitAlert('firing', { host: 'vm' }, 0)
    assert.equal(annotations.summary, 'Backup operation failed')
    assert.deepEqual(new Set(webhook.targets), new Set([expected]))
  })
}

for (const example of examples.filter(({ kind }) => kind === 'email_configs')) {
  test(`${example.receiver}: ${example.about}: the alert arrives as mail, with STARTTLS and a login`, async (context) => {
    const folder = await temporaryFolder(context)
    const authority = makeAuthority(folder, 'authority')
    const user = { name: 'alertmanager', password: 'correct horse' }
    const mailbox = await startMailbox(context, makeCertificate(folder, 'mail', authority), user)
    const passwordFile = join(folder, 'password')
    await writeFile(passwordFile, user.password)
    const alertmanager = await startAlertmanagerWith(folder, example.file, (receiver) => {
      for (const configuration of receiver.email_configs ?? []) {
        Object.assign(configuration, {
          smarthost: mailbox.address,
          auth_password_file: passwordFile,
          tls_config: { ca_file: authority.certificate },
        })
      }
    })
    cleanUpAfter(context, () => alertmanager.stop())
    await sendAlert(alertmanager, example)
    const message = await waitFor('the message arrives', () => mailbox.letters[0])
    assert.match(message, /^To: oncall@example\.com$/m)
    assert.match(message, /KopiaBackupFailed/)
  })
}
