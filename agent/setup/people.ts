// The people of this machine, from /etc/passwd (passwd(5)).

import type { Person } from './facts.ts'

/** Reads the lines of /etc/passwd. `self` comes first, since it may be known elsewhere, as from a directory service. */
export function peopleIn(passwd: string, self: Person): readonly Person[] {
  const people = passwd.split('\n').flatMap((line): readonly Person[] => {
    const [name = '', , userId = '', groupId = '', , home = ''] = line.split(':')
    if (!/^\d+$/.test(userId) || !/^\d+$/.test(groupId) || !home.startsWith('/')) return []
    return [{ name, userId: Number(userId), groupId: Number(groupId), home }]
  })
  return [self, ...people.filter(({ userId }) => userId !== self.userId)]
}
