// What setup decides to do, for each kind of machine.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { neighbourOf } from '../../agent/setup/assign.ts'
import type { Asked, Machine, Repository } from '../../agent/setup/facts.ts'
import { planSetup } from '../../agent/setup/plan.ts'
import type { Answers, Plan, Step } from '../../agent/setup/plan-types.ts'
import { planText } from '../../agent/setup/words.ts'
import { alice, machineOf, opened, repositoryOf, root, usualAnswers } from '../support/setup/machine.ts'

function planOf(
  asked: readonly Asked[],
  machine: Machine,
  answers = usualAnswers(),
  all?: readonly Repository[],
): Plan {
  const plan = planSetup(asked, all ?? asked.map(({ repository }) => repository), machine, answers)
  assert.ok('steps' in plan, JSON.stringify(plan))
  return plan
}

function problemsOf(
  asked: readonly Asked[],
  machine: Machine,
  answers: Partial<Answers> = {},
): readonly string[] {
  const plan = planSetup(
    asked,
    asked.map(({ repository }) => repository),
    machine,
    usualAnswers(answers),
  )
  assert.ok('problems' in plan, JSON.stringify(plan))
  return plan.problems
}

const kinds = (plan: Plan) => plan.steps.map((step) => `${step.kind} ${placeOf(step)}`)

function placeOf(step: Step): string {
  return step.kind === 'start'
    ? `${step.how} ${step.unit}`
    : step.kind === 'install hooks'
      ? step.sources.join()
      : step.path
}

/** The lines that the steps write into a configuration file, without comments. */
function linesIn(plan: Plan, path: string): readonly string[] {
  const step = plan.steps.find((one) => 'path' in one && one.path === path)
  const text =
    step?.kind === 'create file' ? step.text : step?.kind === 'append' ? step.addition : assert.fail(path)
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

const photos = repositoryOf(root, { configPath: '/root/.config/kopia/photos.config' })

test("root's one repository gets the agent without a name, in the file of the package", () => {
  const plan = planOf([opened(repositoryOf(root))], machineOf(root))
  assert.deepEqual(kinds(plan), [
    'append /etc/kopia-metrics-agent/config.yaml',
    'start enable kopia-metrics-agent.service',
  ])
  assert.deepEqual(linesIn(plan, '/etc/kopia-metrics-agent/config.yaml'), [
    'pushgateway_url: http://127.0.0.1:9091',
  ])
  assert.deepEqual([plan.kept, plan.advice], [[], []])
})

test('what is not the default is written: program, configuration, logs, and settings that were given', () => {
  const repository = repositoryOf(root, { configPath: '/srv/k.config', logDirectory: '/.cache/kopia' })
  const answers = usualAnswers({
    kopiaBinary: '/opt/kopia',
    settings: { instance: 'the nas', job: 'backup' },
  })
  assert.deepEqual(
    linesIn(planOf([opened(repository)], machineOf(root), answers), '/etc/kopia-metrics-agent/config.yaml'),
    [
      'pushgateway_url: http://127.0.0.1:9091',
      'job: "backup"',
      'instance: "the nas"',
      'kopia_bin: /opt/kopia',
      'kopia_log_dir: /.cache/kopia',
      'kopia_config_path: /srv/k.config',
    ],
  )
})

test('a password that Kopia does not store goes to a credential, and is never shown', () => {
  const asked = opened(repositoryOf(root), { password: { kind: 'given', text: 'secret words' } })
  const plan = planOf([asked], machineOf(root))
  const [first] = plan.steps
  assert.ok(first?.kind === 'create secret')
  assert.deepEqual(
    [first.path, first.text],
    ['/etc/credstore/kopia-metrics-agent.kopia-password', 'secret words'],
  )
  assert.ok(!planText(plan).includes('secret words'))
  const kept = planOf([asked], machineOf(root, { others: new Set([first.path]) }))
  assert.ok(!kinds(kept).some((words) => words.includes('credstore')))
  assert.deepEqual(kept.kept, [`${first.path} exists`])
})

test('two repositories of one user get two agents, with a log directory each, and the user is told', () => {
  const plan = planOf([opened(repositoryOf(root)), opened(photos)], machineOf(root))
  assert.deepEqual(kinds(plan), [
    'make folder /var/log/kopia/repository',
    'create file /etc/kopia-metrics-agent/repository.yaml',
    'make folder /var/log/kopia/photos',
    'create file /etc/kopia-metrics-agent/photos.yaml',
    'start enable kopia-metrics-agent@repository.service',
    'start enable kopia-metrics-agent@photos.service',
  ])
  assert.deepEqual(linesIn(plan, '/etc/kopia-metrics-agent/photos.yaml'), [
    'pushgateway_url: http://127.0.0.1:9091',
    'kopia_log_dir: /var/log/kopia/photos',
    'kopia_config_path: /root/.config/kopia/photos.config',
  ])
  assert.equal(plan.advice.length, 2)
  assert.match(
    plan.advice[1] ?? '',
    /export KOPIA_CONFIG_PATH=\/root\/\.config\/kopia\/photos\.config KOPIA_LOG_DIR=\/var\/log\/kopia\/photos\n/,
  )
})

test('three repositories, one of another user, whose logs are apart already', () => {
  const hers = repositoryOf(alice)
  const plan = planOf([opened(repositoryOf(root)), opened(photos), opened(hers)], machineOf(root))
  assert.deepEqual(
    plan.agents.map(({ name, user }) => [name, user.name]),
    [
      ['repository', 'root'],
      ['photos', 'root'],
      ['alice', 'alice'],
    ],
  )
  assert.ok(
    kinds(plan).includes('create file /etc/systemd/system/kopia-metrics-agent@alice.service.d/user.conf'),
  )
  assert.ok(
    linesIn(plan, '/etc/kopia-metrics-agent/alice.yaml').includes('kopia_log_dir: /home/alice/.cache/kopia'),
  )
  assert.equal(plan.advice.length, 2)
})

test('repositories of KopiaUI share its log directory, since it has one for all', () => {
  const ui = ['repository', 'repository-1732453000000'].map((name) =>
    repositoryOf(alice, { configPath: `/home/alice/.config/kopia/${name}.config`, startedBy: 'KopiaUI' }),
  )
  const plan = planOf(
    ui.map((one) => opened(one)),
    machineOf(alice),
  )
  const folder = '/home/alice/.config/kopia-metrics-agent'
  assert.ok(
    linesIn(plan, `${folder}/repository-1732453000000.environment`).includes(
      'KOPIA_LOG_DIR=/home/alice/.cache/kopia',
    ),
  )
  assert.ok(!kinds(plan).some((words) => words.startsWith('make folder')))
  assert.match(plan.advice[0] ?? '', /KopiaUI logs for all its repositories/)
})

test("as root, the agent of another user's Kopia runs as that user", () => {
  const plan = planOf([opened(repositoryOf(alice))], machineOf(root))
  const path = '/etc/systemd/system/kopia-metrics-agent.service.d/user.conf'
  assert.deepEqual(kinds(plan), [
    `create file ${path}`,
    'append /etc/kopia-metrics-agent/config.yaml',
    'start enable kopia-metrics-agent.service',
  ])
  assert.deepEqual(linesIn(plan, path), ['[Service]', 'User=alice', 'ReadWritePaths=-/home/alice/.cache'])
  const timed = planOf([opened(repositoryOf(alice))], machineOf(root), usualAnswers({ unit: 'timer' }))
  assert.ok(
    kinds(timed).includes('create file /etc/systemd/system/kopia-metrics-agent-push.service.d/user.conf'),
  )
  assert.ok(kinds(timed).includes('start enable kopia-metrics-agent-push.timer'))
})

test("an ordinary user's agent reads an environment file, and its secrets are beside it", () => {
  const asked = opened(repositoryOf(alice), { password: { kind: 'given', text: 'x' } })
  const machine = machineOf(alice, { manager: { kind: 'user', staysAfterLogout: false } })
  const plan = planOf([asked], machine)
  const folder = '/home/alice/.config/kopia-metrics-agent'
  assert.deepEqual(kinds(plan), [
    `create secret ${folder}/kopia-password`,
    // Without one of its own, the agent would read root's.
    `create file ${folder}/config.yaml`,
    `create file ${folder}/environment`,
    'start enable kopia-metrics-agent.service',
  ])
  assert.deepEqual(linesIn(plan, `${folder}/environment`), [
    'KOPIA_METRICS_PUSHGATEWAY_URL=http://127.0.0.1:9091',
    `KOPIA_METRICS_KOPIA_PASSWORD_FILE=${folder}/kopia-password`,
  ])
  assert.match(plan.advice[0] ?? '', /loginctl enable-linger alice$/)
})

test('without systemd the settings are written, and what to run is told', () => {
  const machine = machineOf(root, {
    manager: { kind: 'none', reason: 'systemd does not run this machine' },
    files: new Map(),
  })
  const plan = planOf([opened(repositoryOf(root))], machine)
  assert.deepEqual(kinds(plan), ['create file /etc/kopia-metrics-agent/config.yaml'])
  assert.match(
    plan.advice[0] ?? '',
    /systemd does not run this machine.*\n {2}kopia-metrics-agent run --config=\/etc\/kopia-metrics-agent\/config\.yaml\n/,
  )
  const several = planOf([opened(repositoryOf(root)), opened(photos)], machine)
  const lines = linesIn(several, '/etc/kopia-metrics-agent/photos.yaml')
  for (const line of [
    'grouping: "agent=photos"',
    'listen: ""',
    'state_dir: /var/lib/kopia-metrics-agent/instances/photos',
  ]) {
    assert.ok(lines.includes(line), lines.join('\n'))
  }
  const mac = planOf([opened(repositoryOf(root))], { ...machine, platform: 'darwin' })
  assert.match(mac.advice[0] ?? '', /deploy\/launchd has a plist that does it/)
  // The plist reads the default file only.
  const macs = planOf([opened(repositoryOf(root)), opened(photos)], { ...machine, platform: 'darwin' })
  const hints = macs.advice.filter((words) => words.includes('launchd'))
  assert.equal(hints.length, 2)
  for (const words of hints)
    assert.match(words, /needs a copy with a Label, a log and this command of its own/)
  const macLines = linesIn(macs, '/etc/kopia-metrics-agent/photos.yaml').join('\n')
  assert.match(
    macLines,
    /^state_dir: "?\/Library\/Application Support\/kopia-metrics-agent\/instances\/photos/m,
  )
})

const running = { isEnabled: true, isActive: true, user: 'root' }
const plainFile = '/etc/kopia-metrics-agent/config.yaml'

function withPlainAgent(values: Readonly<Record<string, string>>, changes: Partial<Machine> = {}): Machine {
  return machineOf(root, {
    files: new Map([[plainFile, { kind: 'active', values }]]),
    agents: [{ name: undefined, file: plainFile, values, user: 'root' }],
    units: new Map([['kopia-metrics-agent.service', running]]),
    ...changes,
  })
}

test('an agent that exists and runs is left alone', () => {
  const plan = planOf(
    [opened(repositoryOf(root))],
    withPlainAgent({ pushgateway_url: 'http://gateway:9091' }),
  )
  assert.deepEqual([plan.steps, plan.advice], [[], []])
  assert.deepEqual(plan.kept, [`${plainFile} watches /root/.config/kopia/repository.config already`])
  const stopped = withPlainAgent({ pushgateway_url: 'x' }, { units: new Map() })
  assert.deepEqual(kinds(planOf([opened(repositoryOf(root))], stopped)), [
    'start enable kopia-metrics-agent.service',
  ])
})

test('a file in use is never changed: what was asked for otherwise is told', () => {
  const answers = usualAnswers({ settings: { pushgateway_url: 'http://other:9091', job: 'kopia' } })
  const machine = withPlainAgent({ pushgateway_url: 'http://gateway:9091', job: 'kopia' })
  const plan = planOf([opened(repositoryOf(root))], machine, answers)
  assert.deepEqual(plan.steps, [])
  assert.match(
    plan.advice[0] ?? '',
    /config\.yaml is in use and stays as it is.*\n {2}pushgateway_url: http:\/\/other:9091$/,
  )
})

test('a file in use has to name the password file that is written beside it', () => {
  const machine = withPlainAgent(
    { pushgateway_url: 'http://gateway:9091' },
    { manager: { kind: 'none', reason: 'no systemd' } },
  )
  const asked = opened(repositoryOf(root), { password: { kind: 'given', text: 'secret' } })
  const plan = planOf([asked], machine)
  assert.deepEqual(kinds(plan), ['create secret /etc/kopia-metrics-agent/kopia-password'])
  assert.match(plan.advice[0] ?? '', /\n {2}kopia_password_file: \/etc\/kopia-metrics-agent\/kopia-password$/)
  const byUnit = planOf([asked], withPlainAgent({ pushgateway_url: 'http://gateway:9091' }))
  assert.deepEqual(byUnit.advice, [])
})

test('a timer that is enabled stays what runs the agent', () => {
  const units = new Map([['kopia-metrics-agent-push.timer', running]])
  const plan = planOf([opened(repositoryOf(root))], withPlainAgent({ job: 'kopia' }, { units }))
  assert.deepEqual(plan.steps, [])
})

test('a further repository gets an agent with a name beside the one that exists', () => {
  const plan = planOf([opened(repositoryOf(root)), opened(photos)], withPlainAgent({ job: 'kopia' }))
  assert.deepEqual(kinds(plan), [
    'make folder /var/log/kopia/photos',
    'create file /etc/kopia-metrics-agent/photos.yaml',
    'start enable kopia-metrics-agent@photos.service',
  ])
})

test("beside another user's agent, the group and the listener differ", () => {
  const neighbour = {
    name: undefined,
    file: '/etc/kopia-metrics-agent/config.yaml',
    values: {},
    user: 'root',
  }
  const path = '/home/alice/.config/kopia-metrics-agent/environment'
  const lines = (values: Readonly<Record<string, string>>) =>
    linesIn(
      planOf([opened(repositoryOf(alice))], machineOf(alice, { neighbours: [{ ...neighbour, values }] })),
      path,
    )
  assert.deepEqual(lines({}), [
    'KOPIA_METRICS_PUSHGATEWAY_URL=http://127.0.0.1:9091',
    'KOPIA_METRICS_GROUPING=agent=alice',
    'KOPIA_METRICS_LISTEN=',
  ])
  assert.deepEqual(lines({ grouping: 'agent=system', listen: '' }), [
    'KOPIA_METRICS_PUSHGATEWAY_URL=http://127.0.0.1:9091',
  ])
  assert.ok(lines({ grouping: 'agent=system' }).includes('KOPIA_METRICS_LISTEN='))
  // A name of a group that is taken gets a number.
  assert.ok(
    linesIn(
      planOf(
        [opened(repositoryOf(alice))],
        machineOf(alice, { neighbours: [neighbour, { ...neighbour, name: 'alice' }] }),
      ),
      path,
    ).includes('KOPIA_METRICS_GROUPING=agent=alice-2'),
  )
  const machine = machineOf(alice, { neighbours: [neighbour, { ...neighbour, user: 'alice' }] })
  assert.equal(neighbourOf(repositoryOf(alice), machine)?.user, 'alice')
  assert.equal(neighbourOf(photos, machine), undefined)
})

test('the agent of another repository is not taken for this one', () => {
  const machine = withPlainAgent({ kopia_config_path: '/srv/other.config' })
  const plan = planOf([opened(repositoryOf(root))], machine)
  assert.deepEqual(
    plan.agents.map(({ name, file }) => [name, file]),
    [['repository', '/etc/kopia-metrics-agent/repository.yaml']],
  )
  const named = { name: 'photos', file: '/etc/kopia-metrics-agent/photos.yaml', values: {}, user: 'root' }
  const taken = planOf(
    [opened(photos)],
    machineOf(root, { agents: [named] }),
    usualAnswers({ name: 'photos' }),
  )
  assert.equal(taken.agents[0]?.name, 'photos-2')
})

test('hooks only where nothing else would show failed backups', () => {
  const blind = { blindSources: ['root@nas:/srv/a b'] }
  const silent = repositoryOf(root, { hasBackupLogs: false })
  const plan = planOf([opened(silent, { ...blind, areActionsEnabled: true })], machineOf(root))
  assert.ok(kinds(plan).includes('install hooks root@nas:/srv/a b'))
  const closed = planOf([opened(silent, blind)], machineOf(root))
  assert.ok(!kinds(closed).some((words) => words.startsWith('install hooks')))
  assert.match(
    closed.advice[0] ?? '',
    /--enable-actions, then run: kopia-metrics-agent install-hooks 'root@nas:\/srv\/a b'$/,
  )
  const unwanted = planOf(
    [opened(silent, { ...blind, areActionsEnabled: true })],
    machineOf(root),
    usualAnswers({ hooks: 'never' }),
  )
  assert.match(unwanted.advice[0] ?? '', /failed backups leave no trace; to install the hooks, run:/)
})

test('hooks that are left to a person are those of the right repository', () => {
  const blind = { blindSources: ['root@nas:/data'] }
  const hers = planOf(
    [opened(repositoryOf(alice, { hasBackupLogs: false }), { blindSources: ['alice@nas:/data'] })],
    machineOf(root),
  )
  assert.match(hers.advice[0] ?? '', /then run as alice: kopia-metrics-agent install-hooks alice@nas:\/data$/)
  const other = planOf([opened({ ...photos, hasBackupLogs: false }, blind)], machineOf(root))
  assert.match(
    other.advice[0] ?? '',
    /install-hooks --kopia-config-path=\/root\/\.config\/kopia\/photos\.config root@nas:\/data$/,
  )
})

test('hooks find an agent in the usual place by themselves, and are told of any other', () => {
  const asked = (repository: Repository) =>
    opened(
      { ...repository, hasBackupLogs: false },
      { blindSources: ['x@nas:/data'], areActionsEnabled: true },
    )
  const toldIn = (plan: Plan) =>
    plan.advice.flatMap((words) => /KOPIA_METRICS_STATE_DIR=(.*)$/.exec(words)?.[1] ?? [])
  const both = [asked(repositoryOf(root)), asked(photos)]
  const state = '/var/lib/kopia-metrics-agent/instances'
  assert.deepEqual(toldIn(planOf(both, machineOf(root))), [`${state}/repository`, `${state}/photos`])
  const bare = { manager: { kind: 'none', reason: 'no systemd' }, files: new Map() } as const
  // Without a unit, the configuration file sets the folder.
  assert.deepEqual(toldIn(planOf(both, machineOf(root, bare))), [`${state}/repository`, `${state}/photos`])
  const elsewhere = usualAnswers({ settings: { state_dir: '/srv/my state' } })
  assert.deepEqual(toldIn(planOf([asked(photos)], machineOf(root, bare), elsewhere)), ["'/srv/my state'"])
  for (const [owner, machine] of [
    [root, machineOf(root)],
    [root, machineOf(root, bare)],
    [alice, machineOf(root)],
    [alice, machineOf(alice, bare)],
    [alice, machineOf(alice, { ...bare, platform: 'darwin' })],
  ] as const) {
    assert.deepEqual(toldIn(planOf([asked(repositoryOf(owner))], machine)), [])
  }
})

test('a storage that does not answer now is set up, with a word about it', () => {
  const answer = { kind: 'silent', reason: 'no such host', password: { kind: 'stored by Kopia' } } as const
  const plan = planOf([{ repository: repositoryOf(root), answer }], machineOf(root))
  assert.ok(kinds(plan).includes('start enable kopia-metrics-agent.service'))
  assert.match(plan.advice[0] ?? '', /does not answer now \(no such host\)/)
})

test('without a password that opens the repository nothing is set up', () => {
  const repository = repositoryOf(root)
  assert.match(
    problemsOf([{ repository, answer: { kind: 'no password' } }], machineOf(root))[0] ?? '',
    /give --kopia-password-file=FILE/,
  )
  assert.match(
    problemsOf([{ repository, answer: { kind: 'wrong password' } }], machineOf(root))[0] ?? '',
    /does not open this repository/,
  )
})

test('answers that do not fit are told', () => {
  const two = [opened(repositoryOf(root)), opened(photos)]
  assert.match(
    problemsOf(two, machineOf(root), { name: 'x' })[0] ?? '',
    /^--name is one name for 2 repositories: choose one/,
  )
  assert.match(
    problemsOf(two, machineOf(root), { settings: { kopia_log_dir: '/x' } })[0] ?? '',
    /^--kopia-log-dir is one folder/,
  )
  assert.match(
    problemsOf(two, machineOf(root), { unit: 'timer' })[0] ?? '',
    /^--unit=timer: there is one timer/,
  )
  assert.match(
    problemsOf([opened(photos)], machineOf(root), { settings: { state_dir: '/x' } })[0] ?? '',
    /^--state-dir: the units/,
  )
})
