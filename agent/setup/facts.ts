// What setup knows of this machine, as data: finding and asking fill it in, planning decides by it.

export type Person = {
  readonly name: string
  readonly userId: number
  readonly groupId: number
  readonly home: string
}

/** A configuration of Kopia that is connected to a repository. */
export type Repository = {
  readonly configPath: string
  /** Whose Kopia it is. */
  readonly owner: Person
  /** Whether it is the file that Kopia takes for this person where nothing names one. */
  readonly isDefault: boolean
  /** Who starts Kopia: KopiaUI has no log directory for each repository. */
  readonly startedBy: 'command line' | 'KopiaUI'
  /** Where Kopia logs for it now. */
  readonly logDirectory: string
  /** Whether that is where Kopia logs if nothing is set. */
  readonly isDefaultLog: boolean
  /** Whether logs there tell of backups: a server at level `info` writes almost nothing. */
  readonly hasBackupLogs: boolean
}

/** What Kopia answered for a repository. */
export type Answer =
  | {
      readonly kind: 'open'
      readonly user: string
      readonly host: string
      readonly areActionsEnabled: boolean
      /** Where the password came from: what Kopia itself does not store, the agent must be given. */
      readonly password: Password
      /** Sources of this machine whose backups nothing but hooks would show; none if the logs tell. */
      readonly blindSources: readonly string[]
    }
  | { readonly kind: 'no password' }
  | { readonly kind: 'wrong password' }
  /** Such as a storage that is switched off now. */
  | { readonly kind: 'silent'; readonly reason: string; readonly password: Password }

export type Password =
  | { readonly kind: 'stored by Kopia' }
  /** In a file that an earlier setup or the administrator wrote for the agent. */
  | { readonly kind: 'kept' }
  | { readonly kind: 'given'; readonly text: string }

/** A repository with what Kopia answered. */
export type Asked = { readonly repository: Repository; readonly answer: Answer }

/** A configuration file of the agent as it is now. */
export type SettingsFile =
  | { readonly kind: 'absent' }
  /** It sets nothing: comments only, as the packages install it. */
  | { readonly kind: 'idle'; readonly text: string }
  | { readonly kind: 'active'; readonly values: Readonly<Record<string, string>> }

/** An agent that is set up already. */
export type ExistingAgent = {
  /** Undefined: the agent without a name. */
  readonly name: string | undefined
  readonly file: string
  readonly values: Readonly<Record<string, string>>
  /** Who runs it. */
  readonly user: string
}

/** How agents are run here. */
export type Manager =
  /** Root: units of the system. */
  | { readonly kind: 'system' }
  /** An ordinary user: units of the user's own systemd. */
  | { readonly kind: 'user'; readonly staysAfterLogout: boolean }
  /** Nothing is started by setup; `reason` completes "nothing is started here: …". */
  | { readonly kind: 'none'; readonly reason: string }

export type UnitState = {
  readonly isEnabled: boolean
  readonly isActive: boolean
  /** Whom a unit of the system runs as; empty for a timer and for a user's own systemd. */
  readonly user: string
}

export type Machine = {
  readonly platform: NodeJS.Platform
  readonly self: Person
  readonly manager: Manager
  /** Folder of the configuration files. */
  readonly settingsFolder: string
  readonly units: ReadonlyMap<string, UnitState>
  readonly files: ReadonlyMap<string, SettingsFile>
  readonly agents: readonly ExistingAgent[]
  /** Agents that others run here: root's for a user, users' own for root. They push from this machine, too. */
  readonly neighbours: readonly ExistingAgent[]
  /** Further files that exist, such as drop-ins and credentials. */
  readonly others: ReadonlySet<string>
}
