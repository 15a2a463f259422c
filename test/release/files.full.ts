// Everything that a release consists of is made, in a copy of the checkout, as the workflow makes it, and npm would publish it.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { packageNames } from '../../tools/release/files.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

function run(folder: string, program: string, ...parameters: readonly string[]): string {
  return execFileSync(program, parameters, {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Copies the checkout, because other tests build packages in its build/. Times are kept, or setup.sh would install all anew. */
async function copyCheckout(context: TestContext): Promise<string> {
  const copy = join(await temporaryFolder(context), 'checkout')
  await mkdir(copy)
  const files =
    'git ls-files -z --cached --others --exclude-standard | xargs -0 cp -p --parents --target-directory="$1"'
  run(projectFolder, 'sh', '-c', files, 'sh', copy)
  run(projectFolder, 'cp', '-a', 'node_modules', copy)
  return copy
}

test('a release has packages for both processors, the npm package, a bill of materials, checksums and notes', async (context) => {
  const checkout = await copyCheckout(context)
  const { version }: { version: string } = JSON.parse(await readFile(join(checkout, 'package.json'), 'utf8'))
  const repository = 'git+https://github.com/owner/name.git'
  run(checkout, 'npm', 'pkg', 'set', 'repository.type=git', `repository.url=${repository}`)
  run(checkout, 'npm', 'run', 'release:files')

  const folder = join(checkout, 'build/release')
  const archive = `kopia-metrics-agent-${version}.tgz`
  const bill = `kopia-metrics-agent-${version}.cdx.json`
  const expected = [...packageNames(version), archive, bill]
  assert.deepEqual((await readdir(folder)).sort(), [...expected, 'SHA256SUMS'].sort())
  const verified = run(folder, 'sha256sum', '-c', 'SHA256SUMS').trim().split('\n')
  assert.deepEqual(verified.sort(), expected.map((name) => `${name}: OK`).sort())

  for (const architecture of ['amd64', 'arm64']) {
    const path = join(folder, `kopia-metrics-agent_${version}-1_${architecture}.deb`)
    const fields = run(folder, 'dpkg-deb', '--field', path, 'Package', 'Version', 'Architecture')
    assert.equal(
      fields,
      `Package: kopia-metrics-agent\nVersion: ${version}-1\nArchitecture: ${architecture}\n`,
    )
  }

  const packed = JSON.parse(
    run(folder, 'tar', '--extract', '--to-stdout', `--file=${archive}`, 'package/package.json'),
  )
  assert.deepEqual([packed.version, packed.repository.url], [version, repository])
  const published = run(folder, 'npm', 'publish', `./${archive}`, '--dry-run', '--access=public', '--json')
  assert.match(published, new RegExp(`"id": "kopia-metrics-agent@${version.replaceAll('.', '\\.')}"`))

  const notes = await readFile(join(checkout, 'build/release-notes.md'), 'utf8')
  assert.match(notes, /^### /m)
  assert.match(notes, new RegExp(`\\]\\(https://github\\.com/owner/name/blob/v${version}/docs/`))
  assert.doesNotMatch(notes, /\]\((?!https:)/)
})
