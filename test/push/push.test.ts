import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { test } from 'node:test'
import { createPushQueue } from '../../agent/push/push-queue.ts'
import { type GatewayOptions, groupUrl, type PushResult, push } from '../../agent/push/pushgateway.ts'
import { retryWaitMs } from '../../agent/push/retry.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { scrape } from '../support/prometheus.ts'
import { startPushgateway } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

const text = '# HELP kopia_x x\n# TYPE kopia_x gauge\nkopia_x 1\n'
const options: GatewayOptions = {
  url: 'http://127.0.0.1:9',
  target: { kind: 'pushgateway' },
  job: 'kopia',
  instance: 'vm',
  grouping: {},
  timeoutMs: 5000,
  credentials: { kind: 'none' },
  tls: {},
}
const never = new AbortController().signal

test('a group with any label values arrives at a real gateway, and a push replaces the whole group', async (context) => {
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const grouping = { site: 'a/b', city: 'Köln é', empty_like: ' ', dots: '..' }
  const group = { ...options, url: `${gateway.url}/`, instance: 'vm/1', grouping }
  assert.deepEqual(await push(group, [text], 'text/plain', never), { ok: true })
  const [series] = (await scrape(gateway.url)).get('kopia_x') ?? []
  assert.deepEqual(series?.labels, { job: 'kopia', instance: 'vm/1', ...grouping })
  await push(group, [text.replaceAll('kopia_x', 'kopia_y')], 'text/plain', never)
  assert.equal((await scrape(gateway.url)).get('kopia_x'), undefined)
})

test('a refusal is a result with its reason', async (context) => {
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const result = await push({ ...options, url: gateway.url }, ['no metrics {{{\n'], 'text/plain', never)
  assert.ok(!result.ok)
  assert.match(result.reason, /it answered 400: .*text format parsing error/)
})

test('an unreachable gateway is a result with a reason, not an exception', async () => {
  const result = await push(options, [text], 'text/plain', never)
  assert.ok(!result.ok)
  assert.match(result.reason, /127\.0\.0\.1:9|bad port/)
})

test('a redirect is a failure, and no credentials are sent to its target', async (context) => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.headers.authorization}`)
    response.writeHead(307, { location: '/elsewhere' }).end()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => server.close())
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const credentials = { kind: 'basic', username: 'u', password: 'p' } as const
  const result = await push(
    { ...options, url: `http://127.0.0.1:${address.port}`, credentials },
    [text],
    'text/plain',
    never,
  )
  assert.deepEqual(result, { ok: false, reason: 'it answered 307: ' })
  assert.deepEqual(requests, ['PUT Basic dTpw'])
})

test('a push to a gateway that never answers ends with the time limit', async (context) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanUpAfter(context, () => {
    server.close()
    server.closeAllConnections()
  })
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const result = await push(
    { ...options, url: `http://127.0.0.1:${address.port}`, timeoutMs: 50 },
    [text],
    'text/plain',
    never,
  )
  assert.ok(!result.ok)
  assert.equal(result.reason, 'no answer within 0.05 s')
})

test('label values with a slash are encoded in base64', () => {
  assert.equal(
    groupUrl({ ...options, url: 'http://h:1/prefix/', instance: 'a/b', grouping: { site: 'x.y' } }),
    'http://h:1/prefix/metrics/job/kopia/instance@base64/YS9i/site/x.y',
  )
})

test('waits between retries grow from a second to a minute, and are spread over their upper half', () => {
  assert.deepEqual(
    [1, 2, 3, 7, 100].map((failures) => retryWaitMs(failures, 0.999999).toFixed(0)),
    ['1000', '2000', '4000', '60000', '60000'],
  )
  assert.equal(retryWaitMs(1, 0), 500)
})

type Changes = ('down' | 'up')[]

function pusherOf(results: readonly PushResult[], changes: Changes) {
  const sent: number[] = []
  const pusher = createPushQueue({
    send: async () => {
      sent.push(sent.length)
      return results[sent.length - 1] ?? { ok: true }
    },
    // The shortest waits, which are half of the full ones.
    random: () => 0,
    onDown: () => changes.push('down'),
    onUp: () => changes.push('up'),
    onFailure: () => undefined,
  })
  return { pusher, sent }
}

test('a failure is reported once, tried again, and its end is reported once', async () => {
  const changes: Changes = []
  const down: PushResult = { ok: false, reason: 'connection refused' }
  const { pusher, sent } = pusherOf([down, down], changes)
  pusher.request()
  await waitFor('the third try works', () => (changes.includes('up') ? true : undefined))
  await pusher.stop()
  assert.deepEqual(changes, ['down', 'up'])
  assert.equal(sent.length, 4)
})

test('requests during a push cause one more, and stopping causes a last one', async () => {
  const { pusher, sent } = pusherOf([], [])
  for (let index = 0; index < 100; index += 1) pusher.request()
  await pusher.stop()
  assert.equal(sent.length, 3)
  pusher.request()
  assert.equal(sent.length, 3)
})
