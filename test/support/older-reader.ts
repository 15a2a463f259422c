// Readers of snapshots with a Kopia that tools/kopia-VERSION pins. One file per version, so that they run side by side.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { blobsOf, whileDamaged } from './damage.ts'
import {
  createSnapshotLab,
  entriesOf,
  hostileNames,
  makeSnapshot,
  readOf,
  rootOf,
  verifyAll,
} from './snapshot-reader.ts'

/** Registers the test. */
export function testOlderReader(version: 'v0.19.0' | 'v0.21.1' | 'v0.22.3'): void {
  // For tools/fetch.sh.
  process.env.KOPIA_VERSION = version

  test(`${version}: a good snapshot is proved, and damage is found`, async (context) => {
    const lab = await createSnapshotLab(context)
    await makeSnapshot(lab)
    const root = await rootOf(lab)
    const rootId = root.root.objectId
    const good = readOf(await verifyAll(lab, root))
    assert.deepEqual([good.objects, good.failures], [hostileNames.length + 6, []])
    assert.equal(good.readBytes > 0, version !== 'v0.19.0')
    const reader = await lab.newReader()
    const entries = await entriesOf(reader, rootId)
    assert.equal(entries.get('link')?.type, 'symlink')
    readOf(await reader.restoreFile(entries.get('setuid')?.objectId ?? '', `${lab.folder}/restored.zip`))
    assert.equal(readOf(await reader.verifyObject(`${rootId}/none`)).objects, 0)
    assert.equal(readOf(await reader.verifyObject(`${rootId}/setuid/none`)).objects, 0)

    for (const [how, kind] of [
      ['flipped', 'checksum'],
      ['missing', 'missing_blob'],
      ['cut', 'checksum'],
    ] as const) {
      await whileDamaged(await blobsOf(lab.repository, 'p'), how, async () => {
        const { errors, failures } = readOf(await verifyAll(lab, root))
        assert.deepEqual(errors, { missing_blob: 0, checksum: 0, read: 0, [kind]: hostileNames.length + 4 })
        const paths = failures.map(({ objectPath }) => objectPath)
        for (const path of ['/deep/big', '/link', '/..x', '/-x', '/bad-\ufffd\ufffd'])
          assert.ok(paths.includes(`${rootId}${path}`), path)
        const again = readOf(await (await lab.newReader()).verifyObject(`${rootId}/deep/big`))
        assert.equal(again.errors[kind], 1)
      })
      await whileDamaged(await blobsOf(lab.repository, 'q'), how, async () => {
        const { failures } = readOf(await verifyAll(lab, root))
        assert.deepEqual(
          failures.map((each) => [each.kind, each.objectPath]),
          [[kind, rootId]],
        )
        const again = readOf(await (await lab.newReader()).verifyObject(`${rootId}/deep/big`))
        assert.equal(again.errors[kind], 1)
      })
    }
    await whileDamaged(await blobsOf(lab.repository, 'x'), 'flipped', async () => {
      const report = await verifyAll(lab, root)
      assert.equal(!report.ok && report.failure.kind, 'checksum')
    })
  })
}
