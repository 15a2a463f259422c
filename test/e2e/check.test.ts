// `kopia-metrics-agent check` beside real Kopia, gateway and Prometheus, with everything in order and with each fault.

import assert from 'node:assert/strict'
import { chmod, cp, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { checkSpool } from '../../agent/check/files.ts'
import {
  type CommandResult,
  runAgentCommand,
  runAgentCommandWith,
  settingsOf,
} from '../support/agent-command.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { createLab, figuresAfter, installHooks, type Lab } from '../support/lab.ts'
import { freePort, start } from '../support/processes.ts'
import { agentEntry, type Service, startNodeExporter, startPrometheus } from '../support/stack.ts'
import { projectFolder, tool } from '../support/tools.ts'
import { waitFor } from '../support/wait.ts'

/** The result of each subject. */
function resultsOf({ output }: CommandResult): Readonly<Record<string, string>> {
  const lines = [...output.matchAll(/^[✓!✗] (ok|warning|failure) +(\S+(?: \S+)*) {2,}/gm)]
  return Object.fromEntries(lines.map(([, result = '', subject = '']) => [subject, result]))
}

/** The text of a subject's line, with its advice. */
function textOf({ output }: CommandResult, subject: string): string {
  return new RegExp(`^[✓!✗] \\w+ +${subject} {2,}(.*(?:\\n {20}.*)*)`, 'm').exec(output)?.[1] ?? ''
}

const allOk = {
  configuration: 'ok',
  Kopia: 'ok',
  repository: 'ok',
  'repository id': 'ok',
  identity: 'ok',
  verification: 'ok',
  actions: 'ok',
  hooks: 'ok',
  'time zone': 'ok',
  snapshots: 'ok',
  'hooks and logs': 'ok',
  logs: 'ok',
  'log directory': 'ok',
  'log disk': 'ok',
  processes: 'ok',
  agent: 'ok',
  spool: 'ok',
  gateway: 'ok',
  Prometheus: 'ok',
}

/** Resolves with the cache for it: Kopia takes a repository's id from its cache, which must not be that of another one. */
async function createOtherRepository(lab: Lab, ...flags: readonly string[]): Promise<NodeJS.ProcessEnv> {
  const cache = { KOPIA_CACHE_DIRECTORY: join(lab.folder, 'other-cache') }
  const parameters = ['repository', 'create', 'filesystem', `--path=${join(lab.folder, 'other')}`]
  const environment = { ...lab.kopia.environment, ...cache }
  const creating = start('kopia', tool('kopia'), [...flags, ...parameters], { environment })
  assert.equal(await creating.ended, 0, creating.output())
  return cache
}

async function startScraping(context: TestContext, lab: Lab): Promise<Service> {
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const folder = join(lab.folder, 'prometheus')
  const prometheus = await startPrometheus(folder, { gateway: lab.gateway, nodeExporter }, 1)
  cleanUpAfter(context, () => prometheus.stop())
  return prometheus
}

test('with everything in order, every line is ok and the exit code is 0', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await installHooks(lab.kopia, path)
  await lab.startAgent()
  await lab.kopia.must('snapshot', 'create', path)
  await figuresAfter(lab.gateway, path, 1)
  const prometheus = await startScraping(context, lab)
  const flag = `--prometheus-url=${prometheus.url}/`
  const result = await waitFor('Prometheus has scraped the gateway', async () => {
    const checked = await runAgentCommand(lab, 'check', flag)
    return resultsOf(checked).Prometheus === 'ok' ? checked : undefined
  })
  assert.deepEqual(resultsOf(result), allOk, result.output)
  assert.equal(result.exitCode, 0)
  assert.match(result.output, /\n19 ok, 0 warnings, 0 failures\n$/)
  assert.match(textOf(result, 'configuration'), /^settings: \d+ from the environment, 1 from flags$/)
  assert.match(textOf(result, 'Kopia'), /^0\.\d+\.\d+ \(.*\)$/)
  assert.match(textOf(result, 'repository'), /^filesystem, as .+@.+, in (\d+ ms|\d+\.\d s|\d+ s)$/)
  assert.match(textOf(result, 'hooks'), /^in 1 policy, all executable$/)
  assert.match(textOf(result, 'logs'), /cli-logs, of \S+: \d+ files, the newest \d+ s ago$/)
  assert.match(textOf(result, 'agent'), /^runs with pid \d+ on .*; 1 source in the ledger, saved \d+ s ago$/)
  assert.match(textOf(result, 'gateway'), /: \d+ series of 1 source, last pushed \d+ s ago$/)
})

test('with nothing running, each failed line is followed by advice', async (context) => {
  const lab = await createLab(context)
  await lab.gateway.stop()
  const away = { KOPIA_PASSWORD: 'wrong', KOPIA_LOG_DIR: join(lab.folder, 'nowhere') }
  const result = await runAgentCommandWith(lab, away, 'check', '--prometheus-url=http://127.0.0.1:1')
  assert.equal(result.exitCode, 1)
  assert.deepEqual(resultsOf(result), {
    configuration: 'ok',
    Kopia: 'ok',
    repository: 'failure',
    logs: 'warning',
    'log directory': 'ok',
    'log disk': 'ok',
    processes: 'ok',
    agent: 'warning',
    spool: 'warning',
    gateway: 'failure',
    Prometheus: 'failure',
  })
  assert.match(textOf(result, 'repository'), /invalid repository password\n +→ run "kopia repository status"/)
  assert.equal(result.output.match(/→/g)?.length, 6)
  const noKopia = await runAgentCommand(lab, 'check', '--kopia-bin=/nowhere/kopia')
  assert.match(textOf(noKopia, 'Kopia'), /^\/nowhere\/kopia: .*ENOENT.*\n +→ install Kopia, or set kopia_bin/)
  const wrong = await runAgentCommand(lab, 'check', '--scope=some')
  assert.deepEqual([wrong.exitCode, resultsOf(wrong)], [1, { configuration: 'failure' }])
})

test('missing hooks, and hooks that Kopia does not run, are failures', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const hooks = join(lab.folder, 'hooks')
  await cp(join(projectFolder, 'hooks'), hooks, { recursive: true })
  const hook = join(hooks, 'after-snapshot-root.sh')
  await lab.kopia.must('policy', 'set', path, `--after-snapshot-root-action=${hook}`)
  // The hooks of another machine are on that machine: check must not look for them here.
  const other = 'root@elsewhere:/data'
  await lab.kopia.must('policy', 'set', other, '--after-snapshot-root-action=/opt/after-snapshot-root.sh')
  assert.match(textOf(await runAgentCommand(lab, 'check'), 'hooks'), /^in 1 policy, all executable$/)
  await rm(join(hooks, 'record-event.sh'))
  assert.match(textOf(await runAgentCommand(lab, 'check'), 'hooks'), /record-event\.sh: no executable file/)
  await chmod(hook, 0o644)
  const broken = await runAgentCommand(lab, 'check')
  assert.equal(resultsOf(broken).hooks, 'failure')
  assert.match(
    textOf(broken, 'hooks'),
    /after-snapshot-root\.sh and 1 more: no executable file\n +→ run install-hooks again/,
  )
  const repository = `--path=${join(lab.folder, 'kopia', 'repository')}`
  await lab.kopia.must('repository', 'connect', 'filesystem', '--no-enable-actions', repository)
  const off = await runAgentCommand(lab, 'check')
  assert.match(textOf(off, 'actions'), /^not enabled, though there are hooks in 1 policy\n +→ connect/)
})

test('logs that the user cannot read are a failure', async (context) => {
  const lab = await createLab(context)
  const cliLogs = join(lab.kopia.logDirectory, 'cli-logs')
  await chmod(cliLogs, 0)
  cleanUpAfter(context, () => chmod(cliLogs, 0o700))
  // Drop the capabilities that let root read files without permission (capabilities(7)).
  const dropped = ['--bounding-set=-all', '--inh-caps=-all', process.execPath]
  const [file = '', ...before] = process.getuid?.() === 0 ? ['setpriv', ...dropped] : [process.execPath]
  const running = start('check', file, [...before, agentEntry, 'check'], { environment: settingsOf(lab) })
  const exitCode = await running.ended
  const result = { exitCode, output: running.output() }
  assert.equal(result.exitCode, 1)
  assert.match(
    textOf(result, 'logs'),
    /cli-logs, of \S+, can't be read by \S+\n +→ run the agent as \S+, or as root$/,
  )
})

test("a spool that Kopia's user cannot write to is a warning", async (context) => {
  const stateDirectory = await temporaryFolder(context)
  const spool = join(stateDirectory, 'spool')
  await mkdir(spool, { mode: 0o700 })
  const own = { userId: process.getuid?.() ?? 0, groupId: process.getgid?.() ?? 0 }
  const other = { userId: own.userId + 1, groupId: own.groupId + 1 }
  const resultFor = async (owner: typeof own) => (await checkSpool(stateDirectory, owner)).result
  assert.equal(await resultFor(own), 'ok')
  await chmod(stateDirectory, 0o711)
  assert.equal(await resultFor(other), 'warning')
  await chmod(spool, 0o733)
  assert.equal(await resultFor(other), 'ok')
  await chmod(spool, 0o703)
  assert.equal(await resultFor({ ...other, groupId: own.groupId }), 'warning')
  await chmod(stateDirectory, 0o700)
  assert.equal(await resultFor(other), 'warning')
})

test('another repository and another name of this machine are said, with what to do', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await lab.kopia.must('snapshot', 'create', path)
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  await lab.kopia.must('repository', 'set-client', '--hostname=renamed')
  const renamed = await runAgentCommand(lab, 'check')
  assert.equal(resultsOf(renamed)['repository id'], 'ok')
  assert.match(
    textOf(renamed, 'identity'),
    /@renamed now; .* as .+\n +→ .*set-client --username=.+ --hostname=/,
  )
  const other = await runAgentCommandWith(lab, await createOtherRepository(lab), 'check')
  assert.equal(other.exitCode, 1, other.output)
  assert.match(
    textOf(other, 'repository id'),
    /^expected the repository \w{12} that the agent knows, found \w{12}: .*another one\n +→ .*forget --sources/,
  )
})

test('the default log directory beside a second configuration gets advice, a directory of its own does not', async (context) => {
  const lab = await createLab(context)
  const second = join(lab.folder, 'kopia', 'repository-1.config')
  await createOtherRepository(lab, `--config-file=${second}`)
  assert.match(
    textOf(await runAgentCommand(lab, 'check'), 'log directory'),
    /^set for this repository; 1 other configuration \(.*repository-1\.config\)$/,
  )
  const shared = await runAgentCommandWith(lab, { KOPIA_LOG_DIR: '' }, 'check')
  assert.match(textOf(shared, 'log directory'), /would share\n +→ give each repository its own KOPIA_LOG_DIR/)
})

test('snapshots whose logs are elsewhere are a failure, which names the folder that has them', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  const elsewhere = join(lab.folder, '.var/app/io.kopia.KopiaUI/cache/kopia')
  const environment = { ...lab.kopia.environment, KOPIA_LOG_DIR: elsewhere }
  const backup = start('kopia', tool('kopia'), ['snapshot', 'create', path], { environment })
  assert.equal(await backup.ended, 0, backup.output())
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  const blind = await runAgentCommandWith(lab, { HOME: lab.folder }, 'check')
  assert.equal(blind.exitCode, 1)
  const [found = '', advice = ''] = textOf(blind, 'snapshots').split(/\n +→ /)
  assert.match(found, /no log or hook tells of new snapshots of 1 source .*Kopia writes its logs elsewhere/)
  assert.ok(advice.startsWith(`set KOPIA_LOG_DIR for the agent to ${elsewhere}, `), advice)
  assert.match(textOf(blind, 'hooks and logs'), /^neither logs of backups nor hooks that run/)
  const follows = { HOME: lab.folder, KOPIA_LOG_DIR: elsewhere }
  const seeing = await runAgentCommandWith(lab, follows, 'check')
  assert.deepEqual([resultsOf(seeing).snapshots, resultsOf(seeing)['hooks and logs']], ['ok', 'ok'])
})

test('the empty logs that Kopia leaves on a full disk are a warning', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  const cliLogs = join(lab.kopia.logDirectory, 'cli-logs')
  const kept = join(lab.folder, 'kept')
  await mkdir(kept)
  // A file system of one page, which is full, over cli-logs: only this process and Kopia see it (mount_namespaces(7)).
  const script = `mount -t tmpfs -o size=4k none "$1" && dd if=/dev/zero of="$1/full" bs=4096 count=1 &&
    "$2" snapshot create "$3" && cp -a "$1"/kopia-*.log "$4"`
  const parameters = [
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    script,
    'sh',
    cliLogs,
    tool('kopia'),
    path,
    kept,
  ]
  const backup = start('kopia', 'unshare', parameters, { environment: lab.kopia.environment })
  assert.equal(await backup.ended, 0, backup.output())
  const [name = '', ...others] = await readdir(kept)
  assert.deepEqual([others, (await stat(join(kept, name))).size], [[], 0])
  await rename(join(kept, name), join(cliLogs, name))
  const minuteAgo = Date.now() / 1000 - 60
  await utimes(join(cliLogs, name), minuteAgo, minuteAgo)
  assert.match(
    textOf(await runAgentCommand(lab, 'check'), 'log disk'),
    /^1 log of 0 bytes in .*cli-logs, the newest 1 min ago: the log disk was full\n +→ free space there/,
  )
})

test('a server in another pid namespace, whose process cannot be seen, is a warning while it writes', async (context) => {
  const lab = await createLab(context)
  const port = await freePort()
  const flags = [
    '--insecure',
    '--without-password',
    '--disable-csrf-token-checks',
    '--log-server-requests',
    `--address=127.0.0.1:${port}`,
  ]
  const namespace = ['--map-root-user', '--pid', '--fork', '--kill-child']
  const parameters = [...namespace, tool('kopia'), 'server', 'start', ...flags]
  const server = start('kopia', 'unshare', parameters, { environment: lab.kopia.environment })
  cleanUpAfter(context, () => server.stop('SIGKILL'))
  const ask = () => fetch(`http://127.0.0.1:${port}/api/v1/sources`).then((answer) => answer.text())
  await waitFor('the server answers', () => ask().catch(() => undefined))
  // Each request is a line of its log.
  let isChecked = false
  const asking = (async () => {
    while (!isChecked) await ask()
  })()
  const result = await runAgentCommand(lab, 'check')
  isChecked = true
  await asking
  assert.match(
    textOf(result, 'processes'),
    /^kopia-.*-1-server-start\.0\.log grows, but its process can't be seen\n +→ share the pid namespace/,
    result.output,
  )
})

test('a Prometheus that does not scrape the gateway, or renames its labels, gets advice', async (context) => {
  const lab = await createLab(context)
  assert.equal((await runAgentCommand(lab, 'push')).exitCode, 0)
  const port = await freePort()
  const configuration = join(lab.folder, 'prometheus.yml')
  const target = (address: string) =>
    writeFile(
      configuration,
      `global: {scrape_interval: 1s}\nscrape_configs: [{job_name: x, static_configs: [{targets: ["${address}"]}]}]\n`,
    )
  await target('127.0.0.1:1')
  const prometheus = start('prometheus', tool('prometheus'), [
    `--config.file=${configuration}`,
    `--storage.tsdb.path=${join(lab.folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${port}`,
    '--web.enable-lifecycle',
  ])
  cleanUpAfter(context, () => prometheus.stop())
  const url = `http://127.0.0.1:${port}`
  await waitFor('Prometheus is ready', async () => (await fetch(`${url}/-/ready`)).ok || undefined)
  const without = await runAgentCommand(lab, 'check', `--prometheus-url=${url}`)
  assert.match(
    textOf(without, 'Prometheus'),
    /has no series of \{job="kopia".*\n +→ have it scrape the gateway/,
  )
  await target(`127.0.0.1:${lab.gateway.port}`)
  await fetch(`${url}/-/reload`, { method: 'POST' })
  await waitFor('check sees the renamed labels', async () => {
    const renamed = await runAgentCommand(lab, 'check', `--prometheus-url=${url}`)
    return /exported_job[\s\S]*→ set honor_labels: true/.test(textOf(renamed, 'Prometheus')) || undefined
  })
})
