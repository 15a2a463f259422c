// `kopia-metrics-agent report` on the backups of a real Kopia, and how it is sent to ntfy.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { breakAction, createLab, figuresAfter } from '../support/lab.ts'
import { parseMessage, sendReport } from '../support/sending.ts'
import { tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

test('a real report: nothing known, all good, one that failed, an agent that is stopped; all formats, exit 0', async (context) => {
  const lab = await createLab(context)
  const nothing = await runAgentCommand(lab, 'report')
  assert.equal(nothing.exitCode, 0, nothing.output)
  assert.match(
    nothing.output,
    /^\? No backup is known: There is no ledger in .*: no agent has run there yet\.\n/,
  )

  const [good, bad] = [await lab.makeSource('photos'), await lab.makeSource('data & <base>')]
  const agent = await lab.startAgent()
  for (const path of [good, bad]) {
    await lab.kopia.must('snapshot', 'create', path)
    await figuresAfter(agent, path, 1)
  }
  await writeFile(join(good, 'more'), 'x'.repeat(50_000))
  await lab.kopia.must('snapshot', 'create', good)
  await figuresAfter(agent, good, 2)
  const fine = await waitFor('the ledger is saved', async () => {
    const result = await runAgentCommand(lab, 'report')
    return result.output.startsWith('✓ All 2 backups are good: 3 since ') ? result : undefined
  })
  assert.equal(fine.exitCode, 0)
  assert.match(fine.output, /2 since \w{3} \d+ \w{3} · \d[\d.]* kB · last /)

  await breakAction(lab, bad)
  assert.equal((await lab.kopia.run('snapshot', 'create', bad)).exitCode, 1)
  await figuresAfter(agent, bad, 2)
  const json = await waitFor('the failure is saved', async () => {
    const { output } = await runAgentCommand(lab, 'report', '--format=json', '--since=4w')
    const parsed = JSON.parse(output)
    return parsed.verdict === 'attention' ? parsed : undefined
  })
  assert.deepEqual([json.sources[0].attempts, json.doubts], [{ success: 1, failed: 1, incomplete: 0 }, []])
  assert.equal(Date.parse(json.until) - Date.parse(json.since), 28 * 86_400_000)
  const page = await runAgentCommand(lab, 'report', '--format=html')
  assert.equal(page.exitCode, 0)
  assert.match(page.output, /1 of 2 backups needs attention: [^<]*data &amp; &lt;base&gt; failing<\/h1>/)
  const mail = parseMessage((await runAgentCommand(lab, 'report', '--format=mail')).output)
  assert.match(
    mail.headers.get('subject') ?? '',
    /^✗ .*: 1 of 2 backups needs attention: .*data & <base> failing$/,
  )
  assert.deepEqual([...mail.parts.keys()], ['text/plain', 'text/html'])

  await agent.stop()
  const saved = join(lab.stateDirectory, 'ledger.json')
  const ledger = JSON.parse(await readFile(saved, 'utf8'))
  assert.ok(ledger.upToDateAt > Date.now() / 1000 - 600)
  await writeFile(saved, JSON.stringify({ ...ledger, upToDateAt: ledger.upToDateAt - 7200 }))
  const silent = await runAgentCommand(lab, 'report')
  assert.equal(silent.exitCode, 0)
  assert.match(
    silent.output,
    /^\? Unknown whether the 2 backups are good: the agent is silent since .*; 1 needs attention anyway\n/,
  )
  assert.doesNotMatch(silent.output, /✓/)
})

test('a wrong value is reported in one line, with exit code 2', async (context) => {
  const lab = await createLab(context)
  for (const [flag, words] of [
    ['--since=soon', 'flag --since: expected a duration from 1h to 366d such as 7d or 4w, found "soon"'],
    ['--since=5m', 'flag --since: expected a duration from 1h to 366d such as 7d or 4w, found "5m"'],
    ['--format=pdf', 'flag --format: expected one of text, html, json, mail, found "pdf"'],
  ] as const) {
    const { exitCode, output } = await runAgentCommand(lab, 'report', flag)
    assert.deepEqual([exitCode, output], [2, `kopia-metrics-agent: ${words}\n`])
  }
  assert.equal((await runAgentCommand(lab, 'status', '--since=7d')).exitCode, 2)
})

/** The command lines of the running processes of a program, as every user can read them. */
async function commandLinesOf(program: string): Promise<readonly string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    ids.map((id) => readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => 'it has ended')),
  )
  return lines.filter((line) => line.split('\0')[0]?.endsWith(program))
}

type Posted = { readonly headers: IncomingHttpHeaders; readonly body: string }

test('ntfy gets the verdict as title and more than usual priority; a refusal makes the script fail', async (context) => {
  const lab = await createLab(context)
  const posts: Posted[] = []
  const commands: string[] = []
  let answer = 200
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part)
    posts.push({ headers: request.headers, body: Buffer.concat(parts).toString('utf8') })
    commands.push(...(await commandLinesOf('curl')))
    response.writeHead(answer, answer === 301 ? { location: 'https://ntfy.invalid/' } : {}).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, async () => void server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const folder = await mkdtemp(join(await temporaryFolder(context), 'send-'))
  const token = join(folder, 'token')
  await writeFile(token, 'tk_secret\n')
  const variables = {
    REPORT_NTFY_URL: `http://127.0.0.1:${address.port}/backups`,
    REPORT_NTFY_TOKEN_FILE: token,
  }

  const sent = await sendReport(lab, folder, variables)
  assert.equal(sent.exitCode, 0, sent.output)
  const [post] = posts
  const title = Buffer.from(String(post?.headers.title), 'latin1').toString('utf8')
  assert.match(title, /^\? No backup is known: There is no ledger/)
  assert.deepEqual([post?.headers.priority, post?.headers.authorization], ['high', 'Bearer tk_secret'])
  assert.match(post?.body ?? '', /^Kopia backups on .*\n/)
  assert.doesNotMatch(sent.output, /tk_secret/)
  assert.ok(commands.length > 0)
  for (const command of commands) assert.doesNotMatch(command, /tk_secret|\/backups/)

  answer = 403
  const refused = await sendReport(lab, folder, variables)
  assert.equal(refused.exitCode, 1)
  assert.match(refused.output, /403[\s\S]*send-report: ntfy did not take the report\n$/)
  answer = 301
  const moved = await sendReport(lab, folder, variables)
  assert.equal(moved.exitCode, 1)
  assert.match(moved.output, /expected an answer 2xx of ntfy, found 301/)
  const missing = await sendReport(lab, folder, {
    ...variables,
    REPORT_NTFY_TOKEN_FILE: join(folder, 'none'),
  })
  assert.deepEqual([missing.exitCode, posts.length], [1, 3])
  const nowhere = await sendReport(lab, folder, {})
  assert.equal(nowhere.exitCode, 2)
  assert.match(nowhere.output, /expected REPORT_MAIL_TO or REPORT_NTFY_URL, found neither/)
})

test('a report that cannot be made is sent, too: as mail in dash and in busybox, with exit code 1', async (context) => {
  const lab = await createLab(context)
  const folder = await temporaryFolder(context)
  const program = join(folder, 'sendmail')
  const letter = join(folder, 'letter')
  await writeFile(program, `#!/bin/sh\nexec cat >'${letter}'\n`, { mode: 0o755 })
  for (const shell of [['dash'], [tool('busybox'), 'sh']]) {
    const variables = {
      REPORT_MAIL_TO: 'anna@example.com',
      REPORT_SENDMAIL: program,
      KOPIA_METRICS_REFRESH_SCHEDULE: 'sometimes',
    }
    const { exitCode, output } = await sendReport(lab, folder, variables, shell)
    assert.equal(exitCode, 1, output)
    const words = await readFile(letter, 'utf8')
    assert.match(
      words,
      /^To: anna@example\.com\nSubject: .*: the report on Kopia backups could not be made\n/,
    )
    assert.match(words, /\n\n\? the report[^\n]*\n\nkopia-metrics-agent: .*REFRESH_SCHEDULE.*"sometimes"/)

    const { REPORT_MAIL_TO, REPORT_SENDMAIL } = variables
    const made = await sendReport(lab, folder, { REPORT_MAIL_TO, REPORT_SENDMAIL }, shell)
    assert.equal(made.exitCode, 0, made.output)
    assert.match(
      made.output,
      /^send-report: not sent yet, since it may be known in 0 s: \? No backup is known/,
    )
    const { headers, parts } = parseMessage(await readFile(letter, 'utf8'))
    assert.match(headers.get('subject') ?? '', /^\? .*: No backup is known/)
    assert.match(parts.get('text/plain') ?? '', /^\? No backup is known/)
  }
})
