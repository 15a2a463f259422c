import assert from 'node:assert/strict'
import { lstat, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { SnapshotRoot } from '../../../agent/kopia/cli/repository-reader.ts'
import { blobsOf, type Damage, whileDamaged } from '../../support/damage.ts'
import {
  bigBytes,
  createSnapshotLab,
  entriesOf,
  hostileNames,
  makeSnapshot,
  readOf,
  rootOf,
  type SnapshotLab,
  verifyAll,
} from '../../support/snapshot-reader.ts'

/** All names in the source: the hostile ones, one that is no UTF-8, `deep`, `link` and `setuid`. */
const entriesInRoot = hostileNames.length + 4
/** Kopia looks at an object only once: the root, `deep`, `big` and each in the root but `deep`. */
const objects = entriesInRoot + 2

test('one snapshot of all kinds of files', async (context) => {
  const lab = await createSnapshotLab(context)
  await makeSnapshot(lab)
  const root = await rootOf(lab)
  await good(context, lab, root)
  await files(context, lab, root)
  await damaged(context, lab, root)
  await gone(context, lab, root)
})

async function good(context: TestContext, lab: SnapshotLab, root: SnapshotRoot): Promise<void> {
  await context.test('a good snapshot is found, and verified as a whole', async () => {
    assert.equal(root.source.path, lab.source)
    assert.deepEqual([root.root.type, root.root.files], ['directory', entriesInRoot])
    const report = readOf(await verifyAll(lab, root))
    assert.deepEqual([report.objects, report.readFiles, report.failures], [objects, objects - 2, []])
    assert.ok(report.readBytes > bigBytes)
  })

  await context.test('without reading files all objects are looked at', async () => {
    const progress: number[] = []
    const onProgress = (_done: number, all: number) => progress.push(all)
    const options = { percent: 0, parallel: 1, mostBytes: 1e9, onProgress }
    const report = readOf(await (await lab.newReader()).verifySnapshot(root, options))
    assert.deepEqual([report.objects, report.readBytes], [objects, 0])
    assert.deepEqual([...new Set(progress)], [objects])
  })

  await context.test('it is read under nice and ionice', async () => {
    const reader = await lab.newReader({ startedThrough: ['nice', '-n', '19', 'ionice', '-c', '3'] })
    assert.equal(readOf(await reader.newestRoots()).size, 1)
  })

  await context.test('a call leaves no log beside those of backups', async () => {
    const before = await readFile(join(lab.kopia.logDirectory, 'cli-logs', 'latest.log'), 'utf8')
    await rootOf(lab)
    assert.equal(await readFile(join(lab.kopia.logDirectory, 'cli-logs', 'latest.log'), 'utf8'), before)
  })
}

async function files(context: TestContext, lab: SnapshotLab, root: SnapshotRoot): Promise<void> {
  const reader = await lab.newReader()
  const entries = await entriesOf(reader, root.root.objectId)

  await context.test('the directory has each name, as Kopia has it', async () => {
    assert.deepEqual(
      [...entries.keys()].toSorted(),
      [...hostileNames, 'bad-\ufffd\ufffd', 'deep', 'link', 'setuid'].toSorted(),
    )
    const types = ['deep', 'link', 'setuid'].map((name) => entries.get(name)?.type)
    assert.deepEqual(types, ['directory', 'symlink', 'file'])
    assert.deepEqual([entries.get('deep')?.files, entries.get('deep')?.sizeBytes], [1, bigBytes])
    const { mtimeNs } = await lstat(join(lab.source, '-x'), { bigint: true })
    assert.equal(entries.get('-x')?.modifiedNs, mtimeNs)
  })

  await context.test('a file is read in chunks', async () => {
    const deep = await entriesOf(reader, entries.get('deep')?.objectId ?? '')
    const chunks: Buffer[] = []
    readOf(await reader.readObject(deep.get('big')?.objectId ?? '', (chunk) => chunks.push(chunk)))
    assert.deepEqual(Buffer.concat(chunks), await readFile(join(lab.source, 'deep', 'big')))
  })

  await context.test(
    'files are restored with their content only, also as what ends like an archive',
    async () => {
      for (const [index, name] of ['setuid', 'line\nend'].entries()) {
        const target = join(lab.folder, `restored-${index}.zip`)
        readOf(await reader.restoreFile(entries.get(name)?.objectId ?? '', target))
        assert.equal(await readFile(target, 'utf8'), await readFile(join(lab.source, name), 'utf8'))
        const { mode } = await lstat(target)
        assert.equal(mode & 0o7077, 0)
      }
    },
  )

  await context.test('a file that is there already is not replaced', async () => {
    const target = join(lab.folder, 'there')
    await writeFile(target, 'mine')
    const result = await reader.restoreFile(entries.get('setuid')?.objectId ?? '', target)
    assert.equal(result.ok, false)
    assert.equal(await readFile(target, 'utf8'), 'mine')
  })

  await context.test('each object can be read by its path', async () => {
    for (const name of entries.keys()) {
      const report = readOf(await reader.verifyObject(`${root.root.objectId}/${name}`))
      assert.deepEqual([report.objects, report.failures], [1, []], name)
    }
  })

  await context.test('a path that leads to nothing is no damage', async () => {
    for (const path of ['/none', '/setuid/below', '/invalid checksum'])
      assert.equal(readOf(await reader.verifyObject(`${root.root.objectId}${path}`)).objects, 0)
  })

  await context.test('a file is no directory', async () => {
    const result = await reader.readDirectory(entries.get('setuid')?.objectId ?? '', () => undefined)
    assert.equal(!result.ok && result.failure.kind, 'read')
  })
}

async function damaged(context: TestContext, lab: SnapshotLab, root: SnapshotRoot): Promise<void> {
  const rootId = root.root.objectId
  const kinds: readonly (readonly [Damage, 'checksum' | 'missing_blob'])[] = [
    ['flipped', 'checksum'],
    ['missing', 'missing_blob'],
    ['cut', 'checksum'],
  ]
  for (const [how, kind] of kinds) {
    await context.test(`a ${how} pack of files is ${kind} of each file in it`, async () => {
      await whileDamaged(await blobsOf(lab.repository, 'p'), how, async () => {
        const { errors, failures } = readOf(await verifyAll(lab, root))
        assert.deepEqual(
          Object.keys(errors).filter((each) => errors[each as 'read'] > 0),
          [kind],
        )
        assert.ok(failures.some(({ objectPath }) => objectPath === `${rootId}/deep/big`))
        for (const { objectPath } of failures.slice(0, 2)) {
          const again = readOf(await (await lab.newReader()).verifyObject(objectPath))
          assert.deepEqual(
            again.failures.map((each) => [each.kind, each.objectPath]),
            [[kind, objectPath]],
          )
        }
        const target = join(lab.folder, `restored-${how}`)
        const big = await (await lab.newReader()).verifyObject(`${rootId}/deep/big`)
        assert.equal(readOf(big).errors[kind], 1)
        const objectId = failures.find(({ objectPath }) => !objectPath.includes('/'))?.objectPath
        if (objectId === undefined) return
        const restored = await (await lab.newReader()).restoreFile(objectId, target)
        assert.equal(!restored.ok && restored.failure.kind, kind)
      })
    })
  }

  await context.test('without reading files a missing pack is found all the same', async () => {
    await whileDamaged(await blobsOf(lab.repository, 'p'), 'missing', async () => {
      const options = { percent: 0, parallel: 1, mostBytes: 1e9, onProgress: () => undefined }
      const report = readOf(await (await lab.newReader()).verifySnapshot(root, options))
      assert.equal(report.errors.missing_blob, objects - 2)
    })
  })

  for (const [how, kind] of kinds) {
    await context.test(`${how} packs of directories and manifests are ${kind}`, async () => {
      await whileDamaged(await blobsOf(lab.repository, 'q'), how, async () => {
        const report = readOf(await verifyAll(lab, root))
        assert.deepEqual(
          report.failures.map((each) => [each.kind, each.objectPath]),
          [[kind, rootId]],
        )
        const listed = await (await lab.newReader()).newestRoots()
        assert.equal(!listed.ok && listed.failure.kind, kind)
        for (const path of [rootId, `${rootId}/deep/big`]) {
          const object = readOf(await (await lab.newReader()).verifyObject(path))
          assert.deepEqual(
            object.failures.map((each) => [each.kind, each.objectPath]),
            [[kind, path]],
          )
        }
        const directory = await (await lab.newReader()).readDirectory(rootId, () => undefined)
        assert.equal(!directory.ok && directory.failure.kind, kind)
      })
    })
  }

  await context.test('a repository with a flipped index can not be opened, which is damage', async () => {
    await whileDamaged(await blobsOf(lab.repository, 'x'), 'flipped', async () => {
      const report = await verifyAll(lab, root)
      assert.equal(!report.ok && report.failure.kind, 'checksum')
    })
  })

  await context.test('a repository without its index knows no snapshot', async () => {
    await whileDamaged(await blobsOf(lab.repository, 'x'), 'missing', async () => {
      const report = readOf(await verifyAll(lab, root))
      assert.deepEqual(
        report.failures.map((each) => [each.kind, each.objectPath]),
        [['missing_blob', rootId]],
      )
      assert.equal(readOf(await (await lab.newReader()).newestRoots()).size, 0)
      const object = readOf(await (await lab.newReader()).verifyObject(`${rootId}/deep/big`))
      assert.equal(object.errors.missing_blob, 1)
    })
  })

  await context.test('a folder where nothing is mounted is not the repository', async () => {
    await whileDamaged([join(lab.repository, 'kopia.repository.f')], 'missing', async () => {
      const report = await verifyAll(lab, root)
      assert.equal(!report.ok && report.failure.kind, 'unreachable')
    })
  })

  await context.test('a wrong password says nothing about the snapshot, and is not told', async () => {
    const reader = await lab.newReader({ password: 'repository' })
    const listed = await reader.newestRoots()
    assert.ok(!listed.ok)
    assert.equal(listed.failure.kind, 'unreachable')
    assert.doesNotMatch(listed.failure.reason, /repository/)
  })

  await context.test('once all is mended, all is good again', async () => {
    assert.deepEqual(readOf(await verifyAll(lab, root)).failures, [])
  })
}

async function gone(context: TestContext, lab: SnapshotLab, root: SnapshotRoot): Promise<void> {
  await context.test('the newest complete snapshot counts, one of a single file, too', async () => {
    await lab.kopia.must('snapshot', 'create', join(lab.source, 'setuid'))
    await lab.kopia.must('snapshot', 'create', lab.source, '--start-time=2020-01-01 00:00:00 UTC')
    const roots = readOf(await (await lab.newReader()).newestRoots())
    const of = (path: string) => [...roots.values()].find(({ source }) => source.path === path)
    assert.equal(of(lab.source)?.snapshotId, root.snapshotId)
    const file = of(join(lab.source, 'setuid'))
    assert.ok(file !== undefined)
    assert.equal(file.root.type, 'file')
    assert.deepEqual(readOf(await verifyAll(lab, file)).readFiles, 1)
    await whileDamaged(await blobsOf(lab.repository, 'p'), 'flipped', async () => {
      const [failure] = readOf(await verifyAll(lab, file)).failures
      assert.deepEqual([failure?.kind, failure?.objectPath], ['checksum', file.root.objectId])
    })
  })

  await context.test('a snapshot that was deleted is missing', async () => {
    await lab.kopia.must('snapshot', 'delete', root.snapshotId, '--delete')
    const [failure] = readOf(await verifyAll(lab, root)).failures
    assert.deepEqual([failure?.kind, failure?.objectPath], ['missing_blob', root.root.objectId])
  })
}

test('an empty repository has no snapshot', async (context) => {
  const lab = await createSnapshotLab(context)
  assert.equal(readOf(await (await lab.newReader()).newestRoots()).size, 0)
})
