// A repository server, and the lab as its client: what is backed up, is backed up through the server.

import { join } from 'node:path'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import { type KopiaLab, kopiaWith } from '../kopia.ts'
import type { Lab } from '../lab.ts'
import { freePort, type Running, start } from '../processes.ts'
import { tool } from '../tools.ts'
import { waitFor } from '../wait.ts'

const password = "the client's own password"

/**
 * Serves the repository of the lab, and resolves with a lab whose Kopia and agent are clients of that server. The server logs
 * elsewhere, so the agent sees the client's logs only.
 */
export async function asClientOfServer(context: Cleanable, lab: Lab): Promise<Lab> {
  const serverKopia = kopiaWith({
    ...lab.kopia.environment,
    KOPIA_LOG_DIR: join(lab.folder, 'server-logs'),
  })
  await allowClient(serverKopia)
  const url = `https://127.0.0.1:${await freePort()}`
  const running = startRepositoryServer(context, lab, serverKopia, url)
  const fingerprint = await waitFor(
    'the server shows its certificate',
    () => /SERVER CERT SHA256: (\w+)/.exec(running.output())?.[1],
  )
  const environment = {
    ...lab.kopia.environment,
    KOPIA_PASSWORD: password,
    KOPIA_CONFIG_PATH: join(lab.folder, 'client.config'),
    KOPIA_CACHE_DIRECTORY: join(lab.folder, 'client-cache'),
  }
  const kopia = kopiaWith(environment)
  const connect = ['repository', 'connect', 'server', '--enable-actions', `--url=${url}`]
  await waitFor('the client is connected', async () => {
    const { exitCode } = await kopia.run(...connect, `--server-cert-fingerprint=${fingerprint}`)
    return exitCode === 0 ? true : undefined
  })
  return {
    ...lab,
    kopia,
    startAgent: (settings = {}) => lab.startAgent({ ...environment, ...settings }),
  }
}

/** Makes the user of this machine a user of the server who may also set the global policy. */
async function allowClient(kopia: KopiaLab): Promise<void> {
  const { output } = await kopia.must('repository', 'status', '--json')
  const status: { clientOptions: { username: string; hostname: string } } = JSON.parse(output)
  const user = `${status.clientOptions.username}@${status.clientOptions.hostname}`
  await kopia.must('server', 'users', 'add', user, `--user-password=${password}`)
  await kopia.must('server', 'acl', 'enable')
  await kopia.must(
    ...['server', 'acl', 'add', `--user=${user}`, '--access=FULL'],
    '--target=type=policy,policyType=global',
  )
}

/** The server's control API needs a password of its own, which no test uses. */
function startRepositoryServer(context: Cleanable, lab: Lab, kopia: KopiaLab, url: string): Running {
  const running = start(
    'kopia server',
    tool('kopia'),
    [
      ...['server', 'start', `--address=${url}`, '--tls-generate-cert'],
      `--tls-cert-file=${join(lab.folder, 'server.cert')}`,
      `--tls-key-file=${join(lab.folder, 'server.key')}`,
      '--server-username=admin',
      '--server-password=admin',
    ],
    { environment: kopia.environment },
  )
  cleanUpAfter(context, () => running.stop())
  return running
}
