// Finds out where to push: tests what is set, and asks again until a gateway answers.

import type { GatewayOptions } from '../push/pushgateway.ts'
import { type Flags, loadSettings } from '../settings/load.ts'
import { declarations } from '../settings/schema.ts'
import type { Settings } from '../settings/settings.ts'
import { secretPath } from '../setup/agent-settings.ts'
import type { Machine } from '../setup/facts.ts'
import { machineFiles } from '../setup/files.ts'
import { formatOf } from '../setup/places.ts'
import { type Answers, type PlannedAgent, secretSettings } from '../setup/plan-types.ts'
import { adviceOnProbe, probeGateway } from '../setup/probe.ts'
import { unitVariables } from '../setup/run-agent.ts'
import { unitOf } from '../setup/units.ts'
import type { Login, Talk } from './setup-talk.ts'

/** `gateway` is what answers there, with its login; undefined where none is wanted. */
type Settled = { readonly answers: Answers; readonly gateway: GatewayOptions | undefined }

/** The answers with the gateway that was given at the terminal; a text says why there is none that takes pushes. */
export async function settleGateway(
  flags: Flags,
  machine: Machine,
  answers: Answers,
  talk: Talk,
): Promise<Settled | string> {
  let current = await withFirstUrl(flags, machine, answers, talk)
  let login: Login | undefined
  for (;;) {
    const { gateway, instance } = await settingsNow(flags, machine, current)
    if (gateway === undefined) {
      talk.say('no gateway: Prometheus has to scrape the agent, or node-exporter to read its textfile')
      return { answers: withWrittenUrl(current, ''), gateway: undefined }
    }
    const options: GatewayOptions = {
      ...gateway,
      ...(login && { credentials: { kind: 'basic' as const, ...login } }),
      instance,
    }
    const probe = await talk.during(`asking ${gateway.url}`, () => probeGateway(options))
    if (probe.kind === 'good') {
      talk.say(probe.found)
      return { answers: withWrittenUrl(current, gateway.url), gateway: options }
    }
    const asked = probe.kind === 'login' ? await talk.askLogin(probe.found) : undefined
    if (asked !== undefined) {
      login = asked
      current = withLogin(current, asked)
      continue
    }
    const url = await talk.askUrl(gateway.url, probe.found)
    if (url === undefined) return `${probe.found}: ${adviceOnProbe(probe)}`
    current = withUrl(current, url)
  }
}

/** Asks for the URL, unless it was given or an agent that exists has it. */
async function withFirstUrl(flags: Flags, machine: Machine, answers: Answers, talk: Talk): Promise<Answers> {
  if (machine.agents.length > 0 || flags['pushgateway-url'] !== undefined) return answers
  const { gateway } = await settingsNow(flags, machine, answers)
  const url = await talk.askUrl(gateway?.url ?? '', undefined)
  return url === undefined ? answers : withUrl(answers, url)
}

function withUrl(answers: Answers, url: string): Answers {
  return { ...answers, settings: { ...answers.settings, pushgateway_url: url } }
}

/** The file says where it pushes to, also where that is the default. */
function withWrittenUrl(answers: Answers, url: string): Answers {
  const { settings, inherited } = answers
  return settings.pushgateway_url !== undefined || inherited.pushgateway_url !== undefined
    ? answers
    : { ...answers, inherited: { ...inherited, pushgateway_url: url } }
}

function withLogin(answers: Answers, { username, password }: Login): Answers {
  return {
    ...answers,
    settings: { ...answers.settings, pushgateway_username: username },
    secrets: new Map([...answers.secrets, ['pushgateway_password_file', password]]),
  }
}

/** The settings in force: those of the first agent that exists, and what is given. Rejects with a ConfigError where one is wrong. */
async function settingsNow(flags: Flags, machine: Machine, answers: Answers): Promise<Settings> {
  const [existing] = machine.agents
  const { config: _, ...others } = flags
  const isYaml = existing !== undefined && formatOf(existing.file) === 'yaml'
  const url = answers.settings.pushgateway_url
  const given = { ...others, ...(url !== undefined && { 'pushgateway-url': url }) }
  const variables =
    existing === undefined ? {} : await variablesOf(existing.name, existing.file, machine, answers)
  return loadSettings(
    { ...given, ...(isYaml && { config: existing.file }) },
    { ...variables, ...process.env },
  )
}

async function variablesOf(
  name: string | undefined,
  file: string,
  machine: Machine,
  answers: Answers,
): Promise<Readonly<Record<string, string>>> {
  const unit = unitOf(machine, name, answers)
  return {
    ...(await unitVariables({ environment: {}, file, format: formatOf(file), name }, machineFiles)),
    ...(await secretVariables({ name, file }, unit, machine)),
  }
}

/** The secrets of an agent, as the files in which systemd finds them. */
export async function secretVariables(
  agent: Pick<PlannedAgent, 'name' | 'file'>,
  unit: string | undefined,
  machine: Machine,
): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {}
  for (const setting of secretSettings) {
    const path = secretPath(machine, agent, unit, setting)
    if ((await machineFiles.ownerOf(path)) !== undefined) found[declarations[setting].environment] = path
  }
  return found
}
