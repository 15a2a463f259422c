// The shipped units of the report on a Debian machine with a real systemd: their sandbox lets msmtp and curl work, a failure to
// send is a failed unit, and its journal says why.

import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { bootMachine, type Machine, machineImage } from '../support/machine.ts'
import { asRoot, buildPackage, makeRepository, property } from '../support/packaged.ts'
import { parseMessage } from '../support/sending.ts'
import { waitFor } from '../support/wait.ts'

const unit = 'kopia-metrics-agent-report'
const node = '/usr/lib/kopia-metrics-agent/node'

/** A mail server that takes every letter, and an ntfy that takes every message; both write what they get into /root/got. */
const receivers = `
const { createServer: tcp } = require('node:net')
const { createServer: http } = require('node:http')
const { writeFileSync } = require('node:fs')
tcp((socket) => {
  let [text, isData] = ['', false]
  socket.write('220 machine\\r\\n')
  socket.on('data', (part) => {
    text += part
    if (isData) {
      if (!text.endsWith('\\r\\n.\\r\\n')) return
      writeFileSync('/root/got/mail', text.slice(0, -5))
      isData = false
    } else if (!text.endsWith('\\n')) return
    else if (/^DATA/m.test(text)) { isData = true; socket.write('354 go on\\r\\n'); text = ''; return }
    socket.write(/^QUIT/m.test(text) ? '221 bye\\r\\n' : '250 fine\\r\\n')
    text = ''
  })
}).listen(2525, '127.0.0.1')
http(async (request, response) => {
  const title = Buffer.from(String(request.headers.title), 'latin1').toString('utf8')
  writeFileSync('/root/got/ntfy', [request.url, request.headers.authorization, title].join('\\n'))
  response.end('{}')
}).listen(8080, '127.0.0.1')
`

async function boot(context: TestContext, image: string, deb: string): Promise<Machine> {
  const machine = await bootMachine(context, image)
  machine.copyIn(deb, '/root/agent.deb')
  await machine.must('dpkg', '--install', '/root/agent.deb')
  await makeRepository(machine)
  return machine
}

const { image, ...refusal } = machineImage('bookworm', 'msmtp-mta', 'curl')
const skip = image === undefined && 'reason' in refusal ? refusal.reason : false

test('the timer is off; the unit sends by msmtp and to ntfy in its sandbox; a failure is a failed unit', {
  skip,
}, async (context) => {
  assert.ok(image !== undefined)
  const deb = await buildPackage(1)
  const machine = await boot(context, image, deb)
  assert.notEqual((await machine.run('systemctl', 'is-enabled', `${unit}.timer`)).exitCode, 0)
  await asRoot(machine, 'kopia snapshot create /data/photos')
  await machine.write('/etc/credstore/kopia-metrics-agent.kopia-password', 'correct horse battery staple')
  await machine.must('systemctl', 'enable', '--now', 'kopia-metrics-agent')

  await machine.write('/root/receivers.js', receivers)
  await machine.shell('mkdir /root/got')
  await machine.must('systemd-run', '--unit=receivers', node, '/root/receivers.js')
  await machine.write('/etc/msmtprc', 'account default\nhost 127.0.0.1\nport 2525\nfrom nas@example.com\n')
  await machine.write('/root/token', 'tk_secret\n')
  await machine.write(
    '/etc/kopia-metrics-agent/report.env',
    'REPORT_MAIL_TO=anna@example.com\nREPORT_NTFY_URL=http://127.0.0.1:8080/backups\nREPORT_NTFY_TOKEN_FILE=/root/token\nREPORT_RETRY_SECONDS=1\n',
  )
  await waitFor('the report is good', async () => {
    await machine.must('systemctl', 'start', unit)
    return (await machine.must('cat', '/root/got/ntfy')).includes('✓') ? true : undefined
  })
  const [topic, login, title] = (await machine.must('cat', '/root/got/ntfy')).split('\n')
  assert.deepEqual([topic, login], ['/backups', 'Bearer tk_secret'])
  assert.match(title ?? '', /^✓ The one backup is good/)
  const { headers, parts } = parseMessage(await machine.must('cat', '/root/got/mail'))
  assert.match(headers.get('subject') ?? '', /^✓ machine: The one backup is good/)
  assert.match(parts.get('text/plain') ?? '', /root@machine:\/data\/photos/)

  // The agent of another user's Kopia has a drop-in with User=: what it owns must stay its own.
  await machine.must('systemctl', 'stop', 'kopia-metrics-agent')
  await machine.shell('chown -R nobody /var/lib/kopia-metrics-agent && rm /root/got/ntfy')
  await machine.must('systemctl', 'start', unit)
  assert.match(await machine.must('cat', '/root/got/ntfy'), /✓ The one backup is good/)
  const owners = await machine.shell('find /var/lib/kopia-metrics-agent -printf "%u\\n" | sort -u')
  assert.equal(owners, 'nobody\n')

  await machine.must('systemctl', 'enable', '--now', `${unit}.timer`)
  assert.equal(await property(machine, 'ActiveState', `${unit}.timer`), 'active')

  await machine.must('systemctl', 'stop', 'receivers')
  const failed = await machine.run('systemctl', 'start', unit)
  assert.equal(failed.exitCode, 1, failed.output)
  assert.equal(await property(machine, 'Result', `${unit}.service`), 'exit-code')
  const journal = await machine.must('journalctl', '--unit', unit, '--output=cat')
  assert.match(journal, /send-report: the mail to anna@example\.com was not sent/)
  assert.match(journal, /send-report: ntfy did not take the report/)
  assert.match(journal, /✓ The one backup is good/)
  assert.doesNotMatch(journal, /tk_secret/)
})
