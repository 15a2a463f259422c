import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readErrorKind } from '../../../agent/kopia/cli/read-errors.ts'
import type { SnapshotRoot } from '../../../agent/kopia/cli/reading.ts'
import { createVerifyOutput } from '../../../agent/kopia/cli/verify-output.ts'

const root: SnapshotRoot = {
  snapshotId: 'a301',
  source: { user: 'root', host: 'vm', path: '/data: 1/@x' },
  startedAt: 1,
  root: {
    name: 'x',
    type: 'directory',
    objectId: 'k202d89dbfd4d68cc2d4bede7d3129310',
    sizeBytes: 1,
    files: 4,
    modifiedNs: undefined,
  },
}
const rootId = root.root.objectId
const id = '0ad46ea9d7064f8b44aed793a369d336'
const flipped = `error reading object ${id}: unable to open object ${id}: unexpected content error: invalid checksum at p2c offset 65 length 31/31: decrypt`
const missing = `object ${id} is backed by missing blob p2c`
const refused = `error reading object ${id}: unable to open object ${id}: dial tcp 10.0.0.1:443: connect: connection refused`
const at = 'root@vm:/data: 1/@x@2026-11-28 00:25:49 UTC'
const stats = {
  processedObjectCount: 6,
  readFileCount: 4,
  readBytes: 300108,
  expectedTotalObjectCount: 6,
}

type Output = { readonly stdout?: unknown; readonly stderr?: readonly string[]; readonly ends?: string }

function read({ stdout, stderr = [], ends }: Output) {
  const progress: (readonly [number, number])[] = []
  const output = createVerifyOutput(
    root,
    (done, all) => progress.push([done, all]),
    (text) => ({ kind: readErrorKind(text), reason: text }),
  )
  for (const line of stderr) output.addErrorLine(line)
  if (stdout !== undefined) output.addChunk(Buffer.from(`${JSON.stringify(stdout)}\n`))
  return { result: output.end(ends), progress, output }
}

function failuresOf(output: Output) {
  const { result } = read(output)
  assert.ok(result.ok)
  return result.value.failures.map(({ kind, objectPath }) => [kind, objectPath])
}

/** What 0.21 and later print of these errors: their reasons stand in the JSON, too. */
function withJson(errors: readonly (readonly [path: string, reason: string])[]): Output {
  return {
    stdout: { stats, errorCount: errors.length, errorStrings: errors.map(([, reason]) => reason).reverse() },
    stderr: errors.flatMap(([path, reason]) => `error processing ${at}${path}: ${reason}`.split('\n')),
    ends: 'encountered errors',
  }
}

test('a good verification has its figures and its progress', () => {
  const { result, progress } = read({
    stdout: { stats, errorCount: 0 },
    stderr: ['Listing blobs...', JSON.stringify({ ...stats, processedObjectCount: 2 })],
  })
  assert.deepEqual(result, {
    ok: true,
    value: {
      objects: 6,
      readFiles: 4,
      readBytes: 300108,
      errors: { missing_blob: 0, checksum: 0, read: 0 },
      failures: [],
    },
  })
  assert.deepEqual(progress, [[2, 6]])
})

test('Kopia 0.19 tells objects and no bytes', () => {
  const { result, progress } = read({
    stderr: ['Processed 2 objects.', 'Finished processing 11 objects.'],
  })
  assert.deepEqual(progress, [
    [2, 4],
    [11, 11],
  ])
  assert.ok(result.ok)
  assert.deepEqual([result.value.objects, result.value.readFiles, result.value.readBytes], [11, 0, 0])
})

for (const form of ['with JSON', 'as 0.19'] as const) {
  const made = (errors: readonly (readonly [string, string])[]): Output => {
    const output = withJson(errors)
    if (form === 'with JSON') return output
    const { stdout: _, ...plain } = output
    return plain
  }

  test(`${form}: each error has its object below the root`, () => {
    const paths = ['/a/big', '/link', '', '/co:lon', '/a b/ünï', '/..x', '/-x', '/\ufffd']
    assert.deepEqual(
      new Set(failuresOf(made(paths.map((path) => [path, missing])))),
      new Set(paths.map((path) => ['missing_blob', `${rootId}${path}`])),
    )
  })

  test(`${form}: a name that can be taken for something else gives way to the object's id`, () => {
    for (const path of ['/line\nend', `/x: ${missing}`, '/\u001b[31mred', '/x\r'])
      assert.deepEqual(failuresOf(made([[path, flipped]])), [['checksum', id]], JSON.stringify(path))
  })

  test(`${form}: kinds are counted, and the first 20 are kept`, () => {
    const errors = Array.from(
      { length: 30 },
      (_, index) => [`/${index}`, index < 25 ? missing : flipped] as const,
    )
    const { result } = read(made(errors))
    assert.ok(result.ok)
    assert.deepEqual(result.value.errors, { missing_blob: 25, checksum: 5, read: 0 })
    assert.equal(result.value.failures.length, 20)
  })

  test(`${form}: an error of the network beside damage is no damage; alone it says nothing`, () => {
    assert.deepEqual(
      failuresOf(
        made([
          ['/a', refused],
          ['/b', flipped],
        ]),
      ),
      [['checksum', `${rootId}/b`]],
    )
    const { result } = read(made([['/a', refused]]))
    assert.deepEqual(result, { ok: false, failure: { kind: 'unreachable', reason: refused } })
  })
}

test('a name can not forge another error where there is JSON', () => {
  const forged = `/x\nerror processing ${at}/y: ${missing}`
  assert.deepEqual(failuresOf(withJson([[forged, flipped]])), [['checksum', id]])
})

test('a snapshot whose manifest is gone is a fault of its root, with the reason that Kopia names before', () => {
  const gone = 'found 0 of the 1 requested snapshot IDs to verify'
  const stdout = { stats: {}, errorCount: 1, errorStrings: [gone] }
  const record = `error processing tree walker enqueue: ${gone}`
  const manifest = 'unable to parse snapshot manifest a301:'
  for (const [cause, kind] of [
    ['snapshot not found', 'missing_blob'],
    ['unable to find manifest entries: invalid checksum at q1', 'checksum'],
    ['unable to find manifest entries: failed to get blob with ID q1: BLOB not found', 'missing_blob'],
  ]) {
    const stderr = [`${manifest} ${cause}`, record]
    assert.deepEqual(failuresOf({ stdout, stderr, ends: gone }), [[kind, rootId]])
    assert.deepEqual(failuresOf({ stderr: [`${manifest} ${cause}`], ends: gone }), [[kind, rootId]])
  }
  const { result } = read({ stdout, stderr: [`${manifest} x: connection refused`, record], ends: gone })
  assert.equal(!result.ok && result.failure.kind, 'unreachable')
})

test('a repository that can not be opened is a failure, of its index as damage', () => {
  const opening = 'open repository: unable to open repository:'
  for (const [cause, kind] of [
    ['cannot open storage: no such file or directory', 'unreachable'],
    [
      'error loading index blob x: decrypt blob: error decrypting BLOB x: unable to decrypt content',
      'checksum',
    ],
  ]) {
    const { result } = read({ ends: `${opening} ${cause}` })
    assert.equal(!result.ok && result.failure.kind, kind)
  }
})

test('damage that was found before the call was ended is a report; an error of reading may come from the end', () => {
  const why = { kind: 'timeout', reason: 'late' } as const
  const early = (reason: string) => read({ stderr: [`error processing ${at}/a: ${reason}`] }).output
  const damage = early(flipped).endEarly(why)
  assert.deepEqual(damage.ok && damage.value.failures.map(({ objectPath }) => objectPath), [`${rootId}/a`])
  assert.deepEqual(early('error reading directory: context canceled').endEarly(why), {
    ok: false,
    failure: why,
  })
})
