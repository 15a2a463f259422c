// What setup refuses: each plan that would look fine, and watch nothing, or watch it twice.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Asked, ExistingAgent, Machine, Person } from '../../agent/setup/facts.ts'
import { planSetup } from '../../agent/setup/plan.ts'
import type { Answers, Plan } from '../../agent/setup/plan-types.ts'
import { alice, machineOf, opened, repositoryOf, root, usualAnswers } from '../support/setup/machine.ts'

const service = 'kopia-metrics-agent.service'
const timer = 'kopia-metrics-agent-push.timer'

function decide(
  asked: readonly Asked[],
  machine: Machine,
  answers: Partial<Answers> = {},
): Plan | { readonly problems: readonly string[] } {
  const all = asked.map(({ repository }) => repository)
  return planSetup(asked, all, machine, usualAnswers(answers))
}

function problemsOf(...parameters: Parameters<typeof decide>): readonly string[] {
  const plan = decide(...parameters)
  return 'problems' in plan ? plan.problems : []
}

function namesOf(...parameters: Parameters<typeof decide>): readonly (string | undefined)[] {
  const plan = decide(...parameters)
  assert.ok('agents' in plan, JSON.stringify(plan))
  return plan.agents.map(({ name }) => name)
}

const stopped = { isEnabled: false, isActive: false, user: '' }

test('a unit that runs as somebody else is refused, since it would watch another Kopia', () => {
  const units = (user: string) => new Map([[service, { ...stopped, user }]])
  const problems = (owner: Person, user: string) =>
    problemsOf([opened(repositoryOf(owner))], machineOf(root, { units: units(user) }))
  assert.deepEqual(problems(root, 'bob'), [
    `${service} runs as bob, and /root/.config/kopia/repository.config is of root: correct User= there (systemctl edit ${service}), or ` +
      'choose another unit by --name=NAME',
  ])
  assert.equal(problems(alice, 'bob').length, 1)
  assert.deepEqual([problems(root, 'root'), problems(alice, 'root'), problems(alice, 'alice')], [[], [], []])
  const timed = new Map([['kopia-metrics-agent-push.service', { ...stopped, user: 'bob' }]])
  assert.equal(
    problemsOf([opened(repositoryOf(root))], machineOf(root, { units: timed }), { unit: 'timer' }).length,
    1,
  )
})

test("an agent that exists and runs as root is refused for another user's Kopia", () => {
  const file = '/etc/kopia-metrics-agent/config.yaml'
  const values = { kopia_config_path: '/home/alice/.config/kopia/repository.config' }
  const machine = machineOf(root, {
    files: new Map([[file, { kind: 'active', values }]]),
    agents: [{ name: undefined, file, values, user: 'root' }],
  })
  assert.match(problemsOf([opened(repositoryOf(alice))], machine)[0] ?? '', /runs as root, .* is of alice/)
})

test('service and timer are not used beside each other', () => {
  const asked = [opened(repositoryOf(root))]
  const running = { isEnabled: true, isActive: true, user: 'root' }
  const both = (used: string, unit: Answers['unit']) =>
    problemsOf(asked, machineOf(root, { units: new Map([[used, running]]) }), { unit })
  assert.match(both(service, 'timer')[0] ?? '', /^kopia-metrics-agent\.service is in use, .*disable --now/)
  assert.match(both(timer, 'service')[0] ?? '', /^kopia-metrics-agent-push\.timer is in use/)
  assert.deepEqual([both(timer, 'usual'), both(service, 'usual'), both(timer, 'timer')], [[], [], []])
})

test('settings that the unit of a named agent sets itself are refused, since they would have no effect', () => {
  const asked = [opened(repositoryOf(root))]
  const problems = problemsOf(asked, machineOf(root), { name: 'photos', settings: { grouping: 'site=b' } })
  assert.match(problems[0] ?? '', /--grouping and --listen: .*\/photos\.env$/)
})

test("a new agent takes no name that another user's agent pushes under", () => {
  const mail = repositoryOf(alice, { configPath: '/home/alice/.config/kopia/mail.config' })
  const asked = [opened(repositoryOf(alice)), opened(mail)]
  const agent = (name: string | undefined, grouping?: string): ExistingAgent => ({
    name,
    file: `/etc/kopia-metrics-agent/${name}.yaml`,
    values: grouping === undefined ? {} : { grouping },
    user: 'root',
  })
  const neighbours = [agent('repository'), agent(undefined, 'site=b,agent=mail')]
  assert.deepEqual(namesOf(asked, machineOf(alice, { neighbours })), ['repository-2', 'mail-2'])
})

test('the name of a user of a directory service becomes one that a unit can have', () => {
  const owner = { ...alice, name: 'CORP\\alice' }
  const asked = [opened(repositoryOf(owner)), opened(repositoryOf(root))]
  assert.deepEqual(namesOf(asked, machineOf(root)), ['CORP-alice', 'repository'])
})

test('an agent whose configuration has a name only is known by it', () => {
  const values = { kopia_config_path: 'photos.config' }
  const file = '/etc/kopia-metrics-agent/photos.yaml'
  const machine = machineOf(root, {
    files: new Map([[file, { kind: 'active', values }]]),
    agents: [{ name: 'photos', file, values, user: 'root' }],
  })
  const photos = repositoryOf(root, { configPath: '/root/.config/kopia/photos.config' })
  const plan = decide([opened(photos)], machine)
  assert.ok('kept' in plan)
  assert.deepEqual(plan.kept, [`${file} watches ${photos.configPath} already`])
})

test('a secret whose file exists has to be compared with what is there', () => {
  const path = '/etc/credstore/kopia-metrics-agent.kopia-password'
  const asked = opened(repositoryOf(root), { password: { kind: 'given', text: 'new' } })
  const plan = decide([asked], machineOf(root, { others: new Set([path]) }))
  assert.ok('keptSecrets' in plan)
  assert.deepEqual(
    plan.keptSecrets.map((secret) => [secret.path, secret.text]),
    [[path, 'new']],
  )
})

test("beside users' agents root's gets a name, since they would read the plain file, too", () => {
  const hers = {
    name: undefined,
    file: '/home/alice/.config/kopia-metrics-agent/environment',
    values: {},
    user: 'alice',
  }
  const machine = machineOf(root, { neighbours: [hers] })
  assert.deepEqual(namesOf([opened(repositoryOf(root))], machine), ['repository'])
  assert.deepEqual(namesOf([opened(repositoryOf(root))], machine, { unit: 'timer' }), [undefined])
})

test('a configuration file that would count before the one in /etc is refused', () => {
  const own = '/home/alice/.config/kopia-metrics-agent/config.yaml'
  const machine = machineOf(root, { others: new Set([own]) })
  assert.deepEqual(problemsOf([opened(repositoryOf(alice))], machine), [
    `${own} would count instead of /etc/kopia-metrics-agent/config.yaml, since the agent runs as alice: remove it, or choose another unit by --name=alice`,
  ])
  assert.deepEqual(problemsOf([opened(repositoryOf(alice))], machine, { name: 'alice' }), [])
})

test("a user's two new agents need one empty file between them", () => {
  const mail = repositoryOf(alice, { configPath: '/home/alice/.config/kopia/mail.config' })
  const plan = decide([opened(repositoryOf(alice)), opened(mail)], machineOf(alice))
  assert.ok('steps' in plan)
  const own = plan.steps.filter((step) => 'path' in step && step.path.endsWith('/config.yaml'))
  assert.equal(own.length, 1)
})
