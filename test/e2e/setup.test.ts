// `kopia-metrics-agent setup` beside a real Kopia and gateway, without systemd: by flags, and by keys at a pseudo-terminal.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { type CommandResult, runAgentCommandWith, settingsOf } from '../support/agent-command.ts'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { freePort } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

type Place = { readonly lab: Lab; readonly file: string; readonly password: string }

/** A repository with a backup, whose password Kopia does not store, and a file with the password. */
async function createPlace(context: Cleanable): Promise<Place> {
  const lab = await createLab(context)
  await lab.kopia.must('snapshot', 'create', await lab.makeSource('photos'))
  await rm(`${lab.kopia.environment.KOPIA_CONFIG_PATH}.kopia-password`)
  const password = join(lab.folder, 'password')
  await writeFile(password, `${lab.kopia.environment.KOPIA_PASSWORD}\n`, { mode: 0o600 })
  return { lab, file: join(lab.folder, 'agent/config.yaml'), password }
}

const noPassword = { KOPIA_PASSWORD: undefined }

function setup({ lab, file }: Place, ...flags: readonly string[]): Promise<CommandResult> {
  return runAgentCommandWith(lab, noPassword, 'setup', `--config=${file}`, ...flags)
}

test('without a terminal it takes its answers from flags, and a second run changes nothing', async (context) => {
  const place = await createPlace(context)
  const { lab, file, password } = place
  const unanswered = await setup(place)
  assert.deepEqual(
    [unanswered.exitCode, unanswered.output],
    [
      2,
      'kopia-metrics-agent: setup asks its questions at a terminal, and there is none: use setup --yes, or setup --dry-run\n',
    ],
  )
  const closed = await setup(place, '--yes')
  assert.match(
    closed.output,
    /give --kopia-password-file=FILE, or set KOPIA_PASSWORD\nNothing was changed\.\n$/,
  )
  const away = await setup(
    place,
    '--yes',
    `--kopia-password-file=${password}`,
    `--pushgateway-url=http://127.0.0.1:${await freePort()}`,
  )
  assert.match(away.output, /does not answer: connect ECONNREFUSED/)
  const seen = await setup(place, '--yes', '--kopia-password=seen')
  assert.match(seen.output, /flag --kopia-password: others can see it/)
  const dry = await setup(place, '--dry-run', `--kopia-password-file=${password}`)
  assert.deepEqual([closed.exitCode, away.exitCode, seen.exitCode, dry.exitCode], [1, 1, 2, 0], dry.output)
  assert.match(dry.output, new RegExp(` {4}pushgateway_url: ${lab.gateway.url}\n`))
  await assert.rejects(stat(file), { code: 'ENOENT' })

  const done = await setup(place, '--yes', `--kopia-password-file=${password}`)
  assert.equal(done.exitCode, 0, done.output)
  assert.doesNotMatch(done.output, /hooks for/)
  assert.match(
    done.output,
    /\n\d+ ok, 3 warnings, 0 failures\nThe settings are written\. Nothing runs the agent yet/,
  )
  assert.ok(!done.output.includes(lab.kopia.environment.KOPIA_PASSWORD ?? '-'), done.output)
  const secret = join(file, '../kopia-password')
  assert.equal((await stat(secret)).mode & 0o777, 0o600)
  const before = [await readFile(file, 'utf8'), await readFile(secret, 'utf8'), (await stat(file)).mtimeMs]
  const again = await setup(place, '--yes')
  assert.equal(again.exitCode, 0, again.output)
  assert.match(again.output, /Nothing has to be changed/)
  assert.deepEqual(
    [await readFile(file, 'utf8'), await readFile(secret, 'utf8'), (await stat(file)).mtimeMs],
    before,
  )
})

test('hooks are installed only where no log tells of the backups', async (context) => {
  const lab = await createLab(context)
  const place = { lab, file: join(lab.folder, 'agent/config.yaml'), password: '' }
  const path = await lab.makeSource('photos')
  await lab.kopia.must('--disable-file-logging', 'snapshot', 'create', path)
  const unwanted = await setup(place, '--dry-run', '--hooks=no')
  assert.match(unwanted.output, /no logs of backups yet in /)
  assert.match(
    unwanted.output,
    new RegExp(`to install the hooks, run: kopia-metrics-agent install-hooks \\S+@\\S+:${path}\n`),
  )
  const done = await setup(place, '--yes')
  // The backup from before has left no trace but itself.
  assert.equal(done.exitCode, 1, done.output)
  assert.match(
    done.output,
    /Not all is well yet: do what remains for you, make a backup, and run setup again/,
  )
  assert.match(done.output, new RegExp(`install the hooks for \\S+@\\S+:${path}: Kopia writes no logs`))
  assert.match((await lab.kopia.must('policy', 'show', '--json', path)).output, /before-snapshot-root\.sh/)
  const again = await setup(place, '--yes')
  assert.match(again.output, /Nothing has to be changed/)
})

const keys = { enter: '\r', interrupt: '\u0003' } as const

/** Setup in a pseudo-terminal of util-linux's script(1), which takes keys. */
function atTerminal(context: Cleanable, { lab, file }: Place) {
  const command = [process.execPath, agentEntry, 'setup', `--config=${file}`]
    .map((word) => `'${word}'`)
    .join(' ')
  const child = spawn('script', ['-qec', `stty cols 160 rows 50; exec ${command}`, '/dev/null'], {
    env: { ...process.env, ...settingsOf(lab), ...noPassword, TERM: 'xterm-256color' },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  cleanUpAfter(context, () => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  return {
    output: () => output,
    /** Waits for a question, and answers it. */
    answer: async (question: string, text: string) => {
      await waitFor(question, () => output.includes(question) || undefined)
      child.stdin.write(text)
    },
    ended: once(child, 'close').then(([code]) => Number(code)),
  }
}

test('at a terminal it asks, and Ctrl-C leaves everything as it was', async (context) => {
  const place = await createPlace(context)
  const stopped = atTerminal(context, place)
  await stopped.answer('URL of the Pushgateway', keys.enter)
  await stopped.answer('Password of the repository', keys.interrupt)
  assert.equal(await stopped.ended, 1, stopped.output())
  assert.match(stopped.output(), /Nothing was changed\./)
  await assert.rejects(stat(place.file), { code: 'ENOENT' })

  const going = atTerminal(context, place)
  await going.answer('URL of the Pushgateway', keys.enter)
  const text = place.lab.kopia.environment.KOPIA_PASSWORD ?? ''
  await going.answer('Password of the repository', text + keys.enter)
  await going.answer('Do that?', keys.enter)
  assert.equal(await going.ended, 0, going.output())
  assert.ok(!going.output().includes(text), going.output())
  assert.match(await readFile(place.file, 'utf8'), /^pushgateway_url: /m)
  assert.equal(await readFile(join(place.file, '../kopia-password'), 'utf8'), text)
})
