// Which Prometheus sends the headers of deploy/FLEET.md, by which a store tells tenants apart.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { cleanUpAfter } from '../support/cleanup.ts'
import { toFleetOf } from '../support/fleet/page.ts'
import { temporaryFolder } from '../support/folder.ts'
import { startNodeExporter, startPrometheus, startPushgateway } from '../support/stack.ts'
import { waitFor } from '../support/wait.ts'

test('Prometheus 3 sends the tenant to Thanos and to Mimir', async (context) => {
  assert.deepEqual(await tenantsFrom(context, 'prometheus3'), ['kopia', 'kopia'])
})

// Its patch 91-Disable_opentelemetry.patch removes the line that adds the headers to the connection.
test("Debian 12's Prometheus 2.42 sends no tenant", async (context) => {
  assert.deepEqual(await tenantsFrom(context, 'prometheus'), [undefined, undefined])
})

async function tenantsFrom(context: TestContext, program: 'prometheus' | 'prometheus3') {
  const [toThanos, toMimir] = await Promise.all([
    headersOf(context, program, 'Thanos receive'),
    headersOf(context, program, 'Grafana Mimir'),
  ])
  return [toThanos['thanos-tenant'], toMimir['x-scope-orgid']]
}

/** Starts a Prometheus with the page's `remote_write`, and returns the headers of its first request with samples. */
async function headersOf(
  context: TestContext,
  program: 'prometheus' | 'prometheus3',
  heading: string,
): Promise<IncomingHttpHeaders> {
  const requests: IncomingHttpHeaders[] = []
  const store = createServer((request, response) => {
    requests.push(request.headers)
    request.resume()
    response.writeHead(204).end()
  }).listen(0, '127.0.0.1')
  await once(store, 'listening')
  cleanUpAfter(context, () => {
    store.closeAllConnections()
    store.close()
  })
  const address = store.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  const gateway = await startPushgateway()
  cleanUpAfter(context, () => gateway.stop())
  const nodeExporter = await startNodeExporter()
  cleanUpAfter(context, () => nodeExporter.stop())
  const toFleet = await toFleetOf('berlin', `http://127.0.0.1:${address.port}`, heading)
  const folder = join(await temporaryFolder(context), 'prometheus')
  const prometheus = await startPrometheus(folder, { gateway, nodeExporter, toFleet }, 1, program)
  cleanUpAfter(context, () => prometheus.stop())
  const first = await waitFor('the store receives samples', () => requests[0])
  assert.equal(first['content-type'], 'application/x-protobuf')
  return first
}
