// The plan of a setup, as data: what will be written and started, what stays, and what a person has to do.

import type { Asked, Person, Repository } from './facts.ts'
import type { Format } from './places.ts'
import type { Values } from './settings-file.ts'

/** What was asked and answered, by flags or at a terminal. */
export type Answers = {
  /** Settings that were given, without secrets. */
  readonly settings: Values
  /** Settings of an agent that exists, which a new one beside it takes over: where to push. */
  readonly inherited: Values
  /** Secrets that were given, by the setting `…_file` that names their file. */
  readonly secrets: ReadonlyMap<SecretSetting, string>
  /** What the agent must be told of Kopia's program; undefined: nothing. */
  readonly kopiaBinary: string | undefined
  readonly unit: 'service' | 'timer' | 'none' | 'usual'
  /** The agent's name, for a unit per repository; undefined: one is chosen where it is needed. */
  readonly name: string | undefined
  readonly hooks: 'where needed' | 'never'
  /** A configuration file of its own; undefined: that of the unit. */
  readonly configFile: string | undefined
}

/** Settings that name files with secrets. */
export const secretSettings = [
  'kopia_password_file',
  'pushgateway_password_file',
  'pushgateway_bearer_token_file',
  'pushgateway_key_file',
  'web_password_file',
] as const
export type SecretSetting = (typeof secretSettings)[number]

export type SecretStep = Step & { readonly kind: 'create secret' }

export type Step =
  | { readonly kind: 'make folder'; readonly path: string; readonly owner: Person }
  | { readonly kind: 'create file'; readonly path: string; readonly text: string; readonly mode: number }
  /** Only if the file is still as it was found. */
  | { readonly kind: 'append'; readonly path: string; readonly before: string; readonly addition: string }
  /** `holds` says in words what is in it; the text itself is never shown. */
  | {
      readonly kind: 'create secret'
      readonly path: string
      readonly holds: string
      readonly text: string
      readonly owner: Person
    }
  | { readonly kind: 'install hooks'; readonly agent: PlannedAgent; readonly sources: readonly string[] }
  | {
      readonly kind: 'start'
      readonly manager: 'system' | 'user'
      readonly unit: string
      readonly how: 'enable' | 'restart'
    }

/** One agent, new or not: enough to run the agent's commands with its settings. */
export type PlannedAgent = {
  readonly name: string | undefined
  readonly repository: Repository
  readonly file: string
  readonly format: Format
  /** Who runs it. */
  readonly user: Person
  /** Undefined: nothing starts it. */
  readonly unit: string | undefined
  /** What its unit sets. */
  readonly environment: Readonly<Record<string, string>>
  readonly state: Assignment['state']
  /** The labels of its group besides job and instance, as the setting `grouping` has them. */
  readonly grouping: string
  readonly stateFolder: string
}

export type Plan = {
  readonly agents: readonly PlannedAgent[]
  readonly steps: readonly Step[]
  /** What exists and stays as it is. */
  readonly kept: readonly string[]
  /** Secrets whose file exists: it must hold the same. */
  readonly keptSecrets: readonly SecretStep[]
  /** What a person has to do. */
  readonly advice: readonly string[]
}

/** Why nothing can be set up, with what to do. */
export type Refusal = { readonly problems: readonly string[] }

/** One repository, with the agent that watches it. */
export type Assignment = {
  readonly asked: Asked
  readonly name: string | undefined
  readonly file: string
  readonly state: 'new' | 'existing'
}
