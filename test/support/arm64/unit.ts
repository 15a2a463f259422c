// Runs the main process of an installed systemd unit as systemd would, where no systemd runs.

import type { Running } from '../processes.ts'
import type { Room } from './room.ts'

const credentials = '/run/credentials/agent'

/** The values of a key of a unit, in order. */
export function valuesIn(unit: string, key: string): readonly string[] {
  return unit
    .split('\n')
    .filter((line) => line.startsWith(`${key}=`))
    .map((line) => line.slice(key.length + 1))
}

/**
 * Prepares what the unit asks for (its folder of state, its credentials, ExecStartPre), and starts its ExecStart with the
 * environment that a unit with User=root gets. Sandbox, watchdog and notifications are systemd's and left out.
 */
export async function startUnit(
  room: Room,
  path: string,
  secrets: Readonly<Record<string, string>>,
): Promise<Running> {
  const unit = await room.must('cat', path)
  for (const name of valuesIn(unit, 'StateDirectory')) {
    await room.must('mkdir', '-p', '-m', valuesIn(unit, 'StateDirectoryMode')[0] ?? '755', `/var/lib/${name}`)
  }
  const names = new Set(valuesIn(unit, 'LoadCredential'))
  for (const [name, secret] of Object.entries(secrets)) {
    if (!names.has(name)) throw new Error(`${path} loads no credential ${name}`)
    await room.write(`${credentials}/${name}`, secret)
  }
  // `+` before a command runs it outside of the sandbox.
  for (const command of valuesIn(unit, 'ExecStartPre'))
    await room.must(...command.replace('+', '').split(' '))
  const [command] = valuesIn(unit, 'ExecStart')
  if (command === undefined) throw new Error(`${path} has no ExecStart`)
  const variables = valuesIn(unit, 'Environment')
    .flatMap((value) => value.split(' '))
    .map((value): [string, string] => {
      const equals = value.indexOf('=')
      return [value.slice(0, equals), value.slice(equals + 1)]
    })
  return room.start('unit', command.split(' '), {
    HOME: '/root',
    USER: 'root',
    LOGNAME: 'root',
    CREDENTIALS_DIRECTORY: credentials,
    ...Object.fromEntries(variables),
  })
}
