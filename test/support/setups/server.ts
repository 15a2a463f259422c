// `kopia server start` in a lab, and backups through its API.

import assert from 'node:assert/strict'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import type { KopiaLab } from '../kopia.ts'
import type { Lab } from '../lab.ts'
import { freePort, type Running } from '../processes.ts'
import { waitFor } from '../wait.ts'

export type Server = { readonly running: Running; readonly url: string; readonly user: string; readonly host: string }

/** Begins a server, and does not wait until it answers. */
export async function beginServer(
  context: Cleanable,
  kopia: KopiaLab,
  ...flags: readonly string[]
): Promise<Pick<Server, 'running' | 'url'>> {
  const url = `http://127.0.0.1:${await freePort()}`
  const open = ['--insecure', '--without-password', '--disable-csrf-token-checks', `--address=${url}`]
  const running = kopia.start('server', 'start', ...open, ...flags)
  cleanUpAfter(context, () => running.stop('SIGKILL'))
  return { running, url }
}

/** Starts a server, and resolves when it has opened the repository. */
export async function startServer(
  context: Cleanable,
  { kopia }: Lab,
  ...flags: readonly string[]
): Promise<Server> {
  const { running, url } = await beginServer(context, kopia, ...flags)
  const status: { username: string; hostname: string } = await waitFor('the server answers', async () =>
    JSON.parse(await (await fetch(`${url}/api/v1/repo/status`)).text()),
  )
  return { running, url, user: status.username, host: status.hostname }
}

/** Triggers a backup, which ends later. */
export async function upload({ url, user, host }: Server, path: string): Promise<void> {
  const source = new URLSearchParams({ userName: user, host, path })
  const response = await fetch(`${url}/api/v1/sources/upload?${source}`, { method: 'POST' })
  assert.equal(response.status, 200, await response.text())
}

/** Has the server read what other processes have changed in the repository, which it does every four hours by itself. */
export async function synchronize({ url }: Server): Promise<void> {
  const response = await fetch(`${url}/api/v1/repo/sync`, { method: 'POST' })
  assert.equal(response.status, 200, await response.text())
}
