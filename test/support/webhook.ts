// A receiver of Alertmanager's notifications, for tests.

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import { type Cleanable, cleanUpAfter } from './cleanup.ts'
import { waitFor } from './wait.ts'

export type Notification = {
  readonly status: 'firing' | 'resolved'
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

export type Webhook = {
  readonly url: string
  /** Path and query of each request. */
  readonly targets: readonly string[]
  /** All alerts, in the order of their notifications. */
  readonly notifications: readonly Notification[]
  /** Waits until a notification after number `after` has this status and these labels. */
  readonly awaitAlert: (
    status: Notification['status'],
    labels: Readonly<Record<string, string>>,
    after: number,
  ) => Promise<Notification>
}

/** Listens on a free port of 127.0.0.1 until the end of the test. */
export async function startWebhook(context: Cleanable): Promise<Webhook> {
  const notifications: Notification[] = []
  const targets: string[] = []
  const server = createServer(async (request, response) => {
    const message: { alerts: Notification[] } = JSON.parse(await textOf(request))
    targets.push(request.url ?? '')
    notifications.push(...message.alerts)
    response.end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, async () => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    targets,
    notifications,
    awaitAlert: (status, labels, after) =>
      waitFor(`${JSON.stringify(labels)} is notified as ${status}`, () =>
        notifications
          .slice(after)
          .find(
            (notification) =>
              notification.status === status &&
              Object.entries(labels).every(([name, value]) => notification.labels[name] === value),
          ),
      ),
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}
