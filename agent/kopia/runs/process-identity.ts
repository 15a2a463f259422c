// Tells a process from a later one with the same pid.

/**
 * When the process started, as its system tells. In another pid namespace `@` and the pid that it has in the agent's
 * namespace follow.
 */
export type ProcessIdentity = string

/** The pid that the process has in the agent's namespace. */
export function visibleIdOf(processId: number, identity: ProcessIdentity): number {
  const [, visibleId] = identity.split('@')
  return visibleId === undefined ? processId : Number(visibleId)
}
