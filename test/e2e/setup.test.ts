// `kopia-metrics-agent setup` beside a real Kopia and gateway, without systemd: by flags, and by keys at a pseudo-terminal.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { type CommandResult, runAgentCommandWith, settingsOf } from '../support/agent-command.ts'
import { type Cleanable, cleanUpAfter } from '../support/cleanup.ts'
import { createLab, type Lab } from '../support/lab.ts'
import { freePort } from '../support/processes.ts'
import { agentEntry } from '../support/stack.ts'
import { tool } from '../support/tools.ts'
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
    new RegExp(
      `to install the hooks, run: kopia-metrics-agent install-hooks --kopia-config-path=\\S+ \\S+@\\S+:${path}\n`,
    ),
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

test('a second run knows the program and the configuration of the first, wherever they are', async (context) => {
  const { lab, password } = await createPlace(context)
  const moved = join(lab.folder, 'elsewhere.config')
  await rename(lab.kopia.environment.KOPIA_CONFIG_PATH ?? '', moved)
  const home = join(lab.folder, 'home')
  const folder = join(home, '.config/kopia-metrics-agent')
  const environment = {
    ...noPassword,
    HOME: home,
    SUDO_USER: undefined,
    XDG_CONFIG_HOME: join(home, '.config'),
    KOPIA_CONFIG_PATH: undefined,
    KOPIA_METRICS_KOPIA_BIN: undefined,
    PATH: '/usr/bin:/bin',
  }
  const file = join(folder, 'agent.yaml')
  const run = (...flags: readonly string[]) =>
    runAgentCommandWith(lab, environment, 'setup', '--yes', `--config=${file}`, ...flags)
  const first = [`--kopia-config-path=${moved}`, `--kopia-password-file=${password}`]
  const script = join(lab.folder, 'no-kopia')
  await writeFile(script, '#!/bin/sh\necho surprise >&2\nexit 3\n', { mode: 0o755 })
  const other = await run(`--kopia-bin=${script}`, ...first)
  assert.equal(other.exitCode, 2)
  assert.match(other.output, /no-kopia is no Kopia that runs here: .*surprise/)
  const done = await run(`--kopia-bin=${tool('kopia')}`, ...first)
  assert.equal(done.exitCode, 0, done.output)
  const again = await run()
  assert.equal(again.exitCode, 0, again.output)
  assert.match(again.output, /Nothing has to be changed/)
})

test('a configuration file is the same one by a relative path, and an empty name is none', async (context) => {
  const place = await createPlace(context)
  const run = (file: string) => runAgentCommandWith(place.lab, {}, 'setup', '--yes', `--config=${file}`)
  const done = await run(relative(process.cwd(), place.file))
  assert.equal(done.exitCode, 0, done.output)
  const again = await run(relative(process.cwd(), place.file))
  assert.equal(again.exitCode, 0, again.output)
  assert.match(again.output, /Nothing has to be changed/)
  const none = await run('')
  assert.deepEqual(
    [none.exitCode, /flag --config: expected a file/.test(none.output)],
    [2, true],
    none.output,
  )
})

test('a repository that is named shares the logs of those that are not', async (context) => {
  const { lab } = await createPlace(context)
  const home = join(lab.folder, 'home')
  const folder = join(home, '.config/kopia')
  await mkdir(folder, { recursive: true })
  const config = await readFile(lab.kopia.environment.KOPIA_CONFIG_PATH ?? '', 'utf8')
  for (const name of ['repository.config', 'photos.config']) await writeFile(join(folder, name), config)
  const environment = {
    HOME: home,
    SUDO_USER: undefined,
    XDG_CONFIG_HOME: undefined,
    XDG_CACHE_HOME: undefined,
    KOPIA_CONFIG_PATH: undefined,
    KOPIA_LOG_DIR: undefined,
    KOPIA_METRICS_STATE_DIR: undefined,
  }
  const flags = ['--dry-run', '--name=photos', `--kopia-config-path=${join(folder, 'photos.config')}`]
  const planned = await runAgentCommandWith(lab, environment, 'setup', ...flags)
  assert.equal(planned.exitCode, 0, planned.output)
  assert.match(planned.output, /- create the folder \S+\/photos for /)
  assert.match(planned.output, /Until then failed backups of this repository stay unseen/)
})

test('a password file that holds another password is told, and nothing is written', async (context) => {
  const place = await createPlace(context)
  const folder = join(place.file, '..')
  await mkdir(folder)
  await writeFile(join(folder, 'kopia-password'), 'old', { mode: 0o600 })
  const refused = await setup(place, '--yes', `--kopia-password-file=${place.password}`)
  assert.equal(refused.exitCode, 1)
  assert.match(
    refused.output,
    /kopia-password exists, and the password of the repository in it is another one/,
  )
  await assert.rejects(stat(place.file), { code: 'ENOENT' })
})

const keys = { enter: '\r', backspace: '\u007f', interrupt: '\u0003' } as const

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
  await stopped.answer('URL of the Pushgateway', `x${keys.enter}`)
  await stopped.answer('expected a URL such as', `${keys.backspace}${keys.enter}`)
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
