// Who runs setup, and whose Kopia it looks at.

import { userInfo } from 'node:os'
import type { Person } from '../setup/facts.ts'
import { machineFiles } from '../setup/files.ts'
import { peopleIn } from '../setup/people.ts'

/** The user who runs setup. sudo can leave HOME as it was; the units of the system do not. */
export function ownPerson(): Person {
  const { name, userId, groupId, home } = knownPerson()
  const { HOME, SUDO_USER } = process.env
  return { name, userId, groupId, home: (SUDO_USER ? undefined : HOME) || home }
}

/** A container can run as a number without a name. */
function knownPerson(): Person {
  try {
    const { username: name, uid: userId, gid: groupId, homedir: home } = userInfo()
    return { name, userId, groupId, home }
  } catch {
    const [userId, groupId] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0]
    return { name: String(userId), userId, groupId, home: '/' }
  }
}

/** Everybody of this machine for root, else only this user. */
export async function findPeople(self: Person): Promise<readonly Person[]> {
  if (self.userId !== 0) return [self]
  return peopleIn((await machineFiles.read('/etc/passwd')) ?? '', self)
}
