import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { remoteWriteHeaders, staleMarkersOf } from '../../agent/push/remote-write.ts'
import { labelsOf, seriesIn } from '../../agent/push/series-text.ts'
import { asRecord } from '../../agent/util/json.ts'
import { cleanUpAfter } from '../support/cleanup.ts'
import { temporaryFolder } from '../support/folder.ts'
import { freePort } from '../support/processes.ts'
import { query } from '../support/prometheus.ts'
import { startService } from '../support/stack.ts'
import { tool } from '../support/tools.ts'

test('a marker is a time series of sorted labels and one sample, as protobuf in one snappy literal', () => {
  const bytes = Buffer.from(staleMarkersOf([{ __name__: 'up', a: 'é' }], 1.5))
  const label = (name: string, value: string) => {
    const [one, other] = [Buffer.from(name), Buffer.from(value)]
    const parts = Buffer.concat([
      Buffer.from([0x0a, one.length]),
      one,
      Buffer.from([0x12, other.length]),
      other,
    ])
    return Buffer.concat([Buffer.from([0x0a, parts.length]), parts])
  }
  const sample = Buffer.from([0x12, 12, 0x09, 2, 0, 0, 0, 0, 0, 0xf0, 0x7f, 0x10, 0xdc, 0x0b])
  const series = Buffer.concat([label('__name__', 'up'), label('a', 'é'), sample])
  const request = Buffer.concat([Buffer.from([0x0a, series.length]), series])
  const snappy = Buffer.from([request.length, 0xf4, request.length - 1, 0])
  assert.deepEqual(bytes, Buffer.concat([snappy, request]))
})

test('the series of a text, and their labels with everything that is escaped', () => {
  const path = 'C:\\Users\\"ann"\n{x="1"} 5'
  const escaped = path.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
  const text = `# HELP a b\n# TYPE a gauge\nplain 7\na{path="${escaped}",user=""} 1.5e+9\n`
  const series = seriesIn(text)
  assert.deepEqual(series, ['plain', `a{path="${escaped}",user=""}`])
  assert.deepEqual(series.map(labelsOf), [{ __name__: 'plain' }, { __name__: 'a', path, user: '' }])
})

test('Prometheus takes thousands of markers in one request, and ends the series', async (context) => {
  const folder = await temporaryFolder(context)
  const configuration = join(folder, 'prometheus.yml')
  await writeFile(configuration, '')
  const prometheus = await startService('prometheus', await freePort(), '/-/ready', (address) => [
    tool('prometheus'),
    `--config.file=${configuration}`,
    '--web.enable-remote-write-receiver',
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
  ])
  cleanUpAfter(context, () => prometheus.stop())
  const series = Array.from({ length: 3000 }, (_, index) => ({
    __name__: 'ended',
    path: `/home/müller/${'deep/'.repeat(9)}${index}`,
  }))
  const response = await fetch(`${prometheus.url}/api/v1/write`, {
    method: 'POST',
    headers: remoteWriteHeaders,
    body: staleMarkersOf(series, Date.now() / 1000),
  })
  assert.equal(response.status, 204, await response.text())
  // A marker is a sample that count_over_time() does not see; the series itself is known.
  assert.deepEqual(await query(prometheus.url, 'ended'), [])
  const known = await fetch(`${prometheus.url}/api/v1/series?match[]=ended`)
  const { data } = asRecord(await known.json(), 'answer')
  assert.equal(Array.isArray(data) && data.length, series.length)
})
