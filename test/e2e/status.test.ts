// `kopia-metrics-agent status` on the backups of a real Kopia, with and without a running agent, in a terminal and in a pipe.

import assert from 'node:assert/strict'
import { readdir, readFile, rename, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { runAgentCommand, settingsOf } from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { breakAction, createLab, figuresAfter, type Lab } from '../support/lab.ts'
import { type Running, start } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

/** Runs a command in a pseudo-terminal of util-linux's script(1), also where the tests have no terminal. */
function inTerminal(lab: Lab, columns: number, ...parameters: readonly string[]): Running {
  const command = [process.execPath, agentEntry, ...parameters].map((word) => `'${word}'`).join(' ')
  return start('terminal', 'script', ['-qec', `stty cols ${columns} rows 12; exec ${command}`, '/dev/null'], {
    environment: { ...settingsOf(lab), TERM: 'xterm-256color' },
  })
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape sequences of colours contain them
const colours = /\u001b\[\d+m/g

test('all sources fine, then one failing, with and without a running agent: text, exit code, JSON, colours', async (context) => {
  const lab = await createLab(context)
  const nothing = await runAgentCommand(lab, 'status')
  assert.equal(nothing.exitCode, 1)
  assert.match(nothing.output, /There is no ledger in .*: no agent has run there yet\.\n$/)

  const [good, bad] = [await lab.makeSource('photos'), await lab.makeSource('database')]
  const agent = await lab.startAgent()
  for (const path of [good, bad]) {
    await lab.kopia.must('snapshot', 'create', path)
    await figuresAfter(agent, path, 1)
  }
  const fine = await waitFor('the ledger is saved', async () => {
    const result = await runAgentCommand(lab, 'status')
    return result.output.includes('All 2 sources are backed up') ? result : undefined
  })
  assert.equal(fine.exitCode, 0, fine.output)
  assert.match(fine.output, new RegExp(`✓ fine +${good} +\\d+ s ago`))
  assert.doesNotMatch(fine.output, colours)
  assert.doesNotMatch(fine.output, /not running/)

  await breakAction(lab, bad)
  assert.equal((await lab.kopia.run('snapshot', 'create', bad)).exitCode, 1)
  await figuresAfter(agent, bad, 2)
  const page = await (await fetch(`${agent.url}/`)).text()
  assert.match(page, /<h1>1 failing of 2 sources<\/h1>/)
  assert.ok(page.indexOf(`<b>${bad}</b>`) < page.indexOf(`<b>${good}</b>`), page)
  const head = await fetch(`${agent.url}/`, { method: 'HEAD' })
  assert.deepEqual([head.status, head.headers.get('content-type')], [200, 'text/html; charset=utf-8'])
  await agent.stop()
  const stateBefore = await readState(lab)
  const failing = await runAgentCommand(lab, 'status')
  assert.equal(failing.exitCode, 1)
  assert.match(failing.output, /^1 failing of 2 sources on /)
  assert.match(
    failing.output,
    new RegExp(
      `✗ failing +${bad} .*\\n +the last attempt failed \\d+ s ago\\n +Kopia ended with: upload error: exit status 3\\n✓ fine +${good} `,
    ),
  )
  assert.match(failing.output, /! The agent is not running: this is what it knew \d+ s ago\.\n$/)

  const json = await runAgentCommand(lab, 'status', '--json')
  assert.equal(json.exitCode, 1)
  const { agent_running, counts, sources } = JSON.parse(json.output)
  assert.deepEqual([agent_running, counts.failing, counts.fine], [false, 1, 1])
  assert.deepEqual(
    sources.map((source: { path: string; state: string; recent_attempts: { status: string }[] }) => [
      source.path,
      source.state,
      source.recent_attempts.map(({ status }) => status),
    ]),
    [
      [bad, 'failing', ['success', 'failed']],
      [good, 'fine', ['success']],
    ],
  )
  for (const columns of [40, 120]) {
    const terminal = inTerminal(lab, columns, 'status')
    assert.equal(await terminal.ended, 1)
    const lines = terminal.output().replaceAll('\r', '').split('\n')
    assert.ok(lines.some((line) => line.match(colours)))
    for (const line of lines) assert.ok([...line.replace(colours, '')].length <= columns, line)
  }
  assert.deepEqual(await readState(lab), stateBefore)
})

test('what speaks against the table is said below it, also while the agent runs', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const everySecond = '* * * * * *'
  const agent = await lab.startAgent({
    KOPIA_METRICS_REFRESH_SCHEDULE: everySecond,
    KOPIA_METRICS_REPOSITORY_SCHEDULE: everySecond,
    // A call that is under way when the storage goes away tries again for minutes (observed with Kopia 0.23).
    KOPIA_METRICS_KOPIA_TIMEOUT: '5s',
  })
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(agent, path, 1)
  await rename(join(lab.folder, 'kopia', 'repository'), join(lab.folder, 'kopia', 'not-mounted'))
  const { output, exitCode } = await waitFor('the ledger says that Kopia does not answer', async () => {
    const result = await runAgentCommand(lab, 'status')
    return result.output.includes('\n! ') ? result : undefined
  })
  assert.equal(exitCode, 1)
  const { doubts } = JSON.parse((await runAgentCommand(lab, 'status', '--json')).output)
  assert.match(doubts.join('\n'), /^The repository cannot be asked since .*\.$/)
  assert.match(output, /\n\n! The repository cannot be asked since \w{3} \d+ \w{3} \d\d:\d\d .*\.\n$/)
})

test('--watch shows a backup while it runs, and its end, until Ctrl-C', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('long')
  await lab.kopia.must('snapshot', 'create', path)
  const agent = await lab.startAgent()
  // A file of zeros takes long to read and no disk space.
  await writeFile(join(path, 'zeros'), '')
  await truncate(join(path, 'zeros'), 2 ** 36)
  const watching = inTerminal(lab, 100, 'status', '--watch')
  cleanUpAfter(context, () => watching.stop('SIGKILL'))
  await waitFor('the first frame', () => watching.output().includes('fine') || undefined)
  const backup = lab.kopia.start('snapshot', 'create', path)
  cleanUpAfter(context, () => backup.stop('SIGKILL'))
  await waitFor(
    'the backup is shown as running',
    () => /running for \d+ s/.test(watching.output()) || undefined,
  )
  await backup.stop('SIGTERM')
  await figuresAfter(agent, path, 1)
  await waitFor(
    'the end of the backup is shown',
    () => /stopped before it was complete/.test(watching.output()) || undefined,
  )
  await watching.stop('SIGTERM')
  const output = watching.output()
  assert.ok(output.startsWith('\u001b[?1049h\u001b[?25l'), '--watch must switch to the alternate screen')
})

test('--watch without a terminal, and a damaged ledger, are reported in one line', async (context) => {
  const lab = await createLab(context)
  const watch = await runAgentCommand(lab, 'status', '--watch')
  assert.deepEqual([watch.exitCode, watch.output.includes('--watch needs a terminal')], [1, true])
  const agent = await lab.startAgent()
  await agent.stop()
  await writeFile(join(lab.stateDirectory, 'ledger.json'), '{"version":1')
  const broken = await runAgentCommand(lab, 'status')
  assert.equal(broken.exitCode, 1)
  assert.match(broken.output, /^kopia-metrics-agent: The ledger in .* can't be read: [^\n]*\n$/)
  assert.equal(await readFile(join(lab.stateDirectory, 'ledger.json'), 'utf8'), '{"version":1')
  for (const wrong of [['--json', '--watch'], ['--global'], ['photos']]) {
    assert.equal((await runAgentCommand(lab, 'status', ...wrong)).exitCode, 2)
  }
})

async function readState(lab: Lab): Promise<readonly (readonly [string, string])[]> {
  const names = (await readdir(lab.stateDirectory)).filter((name) => name !== 'spool').sort()
  return Promise.all(
    names.map(async (name) => [name, await readFile(join(lab.stateDirectory, name), 'utf8')] as const),
  )
}
