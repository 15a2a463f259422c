// Has Kopia give way to everything else on the machine, and end with this process.

import { execa } from 'execa'

/** Each starts a command in place of itself. */
const launchers: readonly (readonly string[])[] = [
  ['nice', '-n', '19'],
  // The idle class needs no privilege (ionice(1)).
  ['ionice', '-c', '3'],
  // So that no Kopia goes on restoring files after this process was killed (PR_SET_PDEATHSIG in prctl(2)).
  ['setpriv', '--pdeathsig', 'KILL'],
]

/** The command line in front of Kopia's, of the launchers that work here: some systems have none, a service may forbid one. */
export async function launcherOf(): Promise<readonly string[]> {
  const working = await Promise.all(launchers.map(works))
  return launchers.filter((_, index) => working[index]).flat()
}

async function works([command = '', ...arguments_]: readonly string[]): Promise<boolean> {
  const { failed } = await execa(command, [...arguments_, 'true'], { reject: false, timeout: 10_000 })
  return !failed
}
