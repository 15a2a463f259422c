// `kopia server start`, and its API by which backups are started.

import assert from 'node:assert/strict'
import { type Cleanable, cleanUpAfter } from '../cleanup.ts'
import type { KopiaLab } from '../kopia.ts'
import { freePort, type Running } from '../processes.ts'
import { waitFor } from '../wait.ts'

export type Server = {
  readonly url: string
  readonly user: string
  readonly host: string
  readonly running: Running
}

/** Begins a server without root's capabilities, so that it cannot read files without read permission; it may not come up. */
export async function beginServer(
  context: Cleanable,
  kopia: KopiaLab,
  ...flags: readonly string[]
): Promise<Pick<Server, 'running' | 'url'>> {
  const url = `http://127.0.0.1:${await freePort()}`
  const open = ['--insecure', '--without-password', '--disable-csrf-token-checks']
  const running = kopia.startUnprivileged('server', 'start', ...open, `--address=${url}`, ...flags)
  cleanUpAfter(context, () => running.stop())
  return { running, url }
}

/** Starts such a server, and resolves when it has opened the repository. */
export async function startServer(
  context: Cleanable,
  kopia: KopiaLab,
  ...flags: readonly string[]
): Promise<Server> {
  const { running, url } = await beginServer(context, kopia, ...flags)
  const status: { username: string; hostname: string } = await waitFor('the server answers', async () =>
    JSON.parse(await (await fetch(`${url}/api/v1/repo/status`)).text()),
  )
  return { url, user: status.username, host: status.hostname, running }
}

/** Tells the server to back up a source, and does not wait for the end of the backup. */
export async function upload(server: Server, path: string): Promise<void> {
  await post(server, { userName: server.user, host: server.host, path })
}

/** Tells the server to back up all its sources at once: those that have a policy or a snapshot. */
export async function uploadAll(server: Server): Promise<void> {
  await post(server, {})
}

/** Has the server read what other processes have changed in the repository, which it does every four hours by itself. */
export async function synchronize({ url }: Server): Promise<void> {
  const response = await fetch(`${url}/api/v1/repo/sync`, { method: 'POST' })
  assert.equal(response.status, 200, await response.text())
}

async function post({ url }: Server, source: Readonly<Record<string, string>>): Promise<void> {
  const response = await fetch(`${url}/api/v1/sources/upload?${new URLSearchParams(source)}`, {
    method: 'POST',
  })
  assert.equal(response.status, 200, await response.text())
}
