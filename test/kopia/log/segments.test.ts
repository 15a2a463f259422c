import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { newestOtherChange } from '../../../agent/kopia/log/recent-changes.ts'
import { listSegments, listSegmentsOf, parseTrackedName } from '../../../agent/kopia/log/segments.ts'
import { temporaryFolder } from '../../support/folder.ts'

const names = [
  'kopia-20261124-113623-9-snapshot-create.1.log',
  'kopia-20261124-113623-9-snapshot-create.0.log',
  'kopia-20261124-113500-8-server-start.0.log',
  'kopia-20261124-113400-7-snapshot-list.0.log',
  'kopia-20261124-113300-6-policy-set.0.log',
  'kopia-20261124-113200-5-policy-set.0.log',
  'kopia-20261124-113700-4-policy-show.0.log',
  'latest.log',
]

test('only the segments of tracked commands are listed, in the order in which Kopia wrote them', async (context) => {
  const folder = await temporaryFolder(context)
  for (const name of names) await writeFile(join(folder, name), '')
  const fileNames = async (listing: ReturnType<typeof listSegments>) =>
    (await listing).map(({ fileName }) => fileName)
  const [one, zero, server] = names
  assert.deepEqual(await fileNames(listSegments(folder)), [server, zero, one])
  assert.deepEqual(await fileNames(listSegmentsOf(folder, '20261124-113623-9-snapshot-create')), [zero, one])
  assert.deepEqual(
    names.filter((name) => parseTrackedName(name) === undefined),
    names.slice(3),
  )
})

test('a directory that does not exist has no segments; one that cannot be read is an error', async (context) => {
  const folder = await temporaryFolder(context)
  await writeFile(join(folder, 'file'), '')
  assert.deepEqual(await listSegments(join(folder, 'missing')), [])
  await assert.rejects(listSegments(join(folder, 'file')), { code: 'ENOTDIR' })
})

test('the newest run of a command that changes sources is found, whatever else ran later', async (context) => {
  const folder = await temporaryFolder(context)
  assert.equal(await newestOtherChange(folder), undefined)
  for (const name of names) await writeFile(join(folder, name), '')
  await mkdir(join(folder, 'subfolder'))
  assert.equal(await newestOtherChange(folder), '20261124-113300-6-policy-set')
})
