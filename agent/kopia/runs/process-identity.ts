// What the agent asks about processes, and what tells a process from a later one with the same pid.

/**
 * When the process started, as its system tells. In another pid namespace `@` and the pid that it has in the agent's
 * namespace follow.
 */
export type ProcessIdentity = string

/** How the agent looks at processes. Tests hand in their own. */
export type Processes = {
  readonly findWriter: (processId: number, runId: string) => ProcessIdentity | undefined
  readonly findWriterInContainers: (processId: number, runId: string) => ProcessIdentity | undefined
  readonly findLiving: (processId: number) => ProcessIdentity | undefined
  /** When the living process with this pid started, in Unix seconds; -Infinity if the system does not tell. */
  readonly livingSince: (processId: number) => number | undefined
  readonly isAlive: (processId: number, identity: ProcessIdentity) => boolean
  /** When the machine started, in Unix seconds; -Infinity if it is not known of the machine that runs Kopia. */
  readonly bootedAt: () => number
}

/** The pid that the process has in the agent's namespace. */
export function visibleIdOf(processId: number, identity: ProcessIdentity): number {
  const [, visibleId] = identity.split('@')
  return visibleId === undefined ? processId : Number(visibleId)
}
