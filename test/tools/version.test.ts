import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { buildName } from '../../tools/build-name.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'
import { packageVersion } from '../support/version-line.ts'

const read = (path: string) => readFile(join(projectFolder, path), 'utf8')

test('the lock file has the version of package.json', async () => {
  const lock: { version: string; packages: Record<string, { version: string }> } = JSON.parse(
    await read('package-lock.json'),
  )
  assert.deepEqual([lock.version, lock.packages['']?.version], [packageVersion, packageVersion])
})

test("every tag of the agent's image, in examples too, is the version of package.json", async () => {
  const files = execFileSync('git', ['ls-files', 'deploy', 'docs', 'demo', 'README.md'], {
    cwd: projectFolder,
    encoding: 'utf8',
  })
  const tags = await Promise.all(
    files
      .trim()
      .split('\n')
      .map(async (path) =>
        [...(await read(path)).matchAll(/kopia-metrics-agent:(\d[\w.-]*)/g)].map(
          ([, tag]) => [path, tag] as const,
        ),
      ),
  )
  const found = tags.flat()
  for (const [path, tag] of found) assert.equal(tag, packageVersion, path)
  const paths = new Set(found.map(([path]) => path))
  for (const path of [
    'deploy/compose.yaml',
    'deploy/kubernetes/README.md',
    'deploy/kubernetes/overlays/cronjob/kopia-snapshot.yaml',
    'deploy/kubernetes/overlays/server/kopia-server.yaml',
  ]) {
    assert.ok(paths.has(path), path)
  }
})

test('CHANGELOG.md begins with what is not released yet, or with the version of package.json and its date', async () => {
  const headings = [...(await read('CHANGELOG.md')).matchAll(/^## (.*)$/gm)].map(
    ([, heading]) => heading ?? '',
  )
  const [first, second] = headings
  const released = first === 'Unreleased' ? second : first
  assert.match(released ?? '', /^\d+\.\d+\.\d+ - \d{4}-\d{2}-\d{2}$/)
  assert.equal(released?.split(' ')[0], packageVersion)
})

test('a build is named after its commit, and says if the files are not those of the commit', async (context) => {
  const folder = await temporaryFolder(context)
  const git = (...parameters: readonly string[]) =>
    execFileSync(
      'git',
      [
        '-C',
        folder,
        '-c',
        'user.name=x',
        '-c',
        'user.email=x@localhost',
        '-c',
        'commit.gpgsign=false',
        ...parameters,
      ],
      { encoding: 'utf8' },
    ).trim()
  git('init', '--quiet')
  await writeFile(join(folder, 'file'), 'one')
  git('add', 'file')
  git('commit', '--quiet', '--message=one')
  const commit = git('rev-parse', 'HEAD')
  assert.equal(buildName(folder, {}), commit.slice(0, 7))
  await writeFile(join(folder, 'untracked'), '')
  assert.equal(buildName(folder, { BUILD_COMMIT: '' }), commit.slice(0, 7))
  await writeFile(join(folder, 'file'), 'two')
  assert.equal(buildName(folder, {}), `${commit.slice(0, 7)}-modified`)
  assert.equal(buildName(folder, { BUILD_COMMIT: '0123456789abcdef' }), '0123456')
})

test('without a checkout a build has the name that it is given, and never that of a checkout around it', async (context) => {
  const folder = join(await temporaryFolder(context), 'unpacked')
  await mkdir(folder)
  execFileSync('git', ['-C', join(folder, '..'), 'init', '--quiet'])
  assert.equal(buildName(folder, {}), 'unknown')
  assert.equal(buildName(folder, { BUILD_COMMIT: 'abc1234' }), 'abc1234')
  assert.equal(buildName(folder, { BUILD_COMMIT: 'abc123456789-modified' }), 'abc1234-modified')
  assert.throws(() => buildName(folder, { BUILD_COMMIT: 'v0.2.0' }), {
    message: 'BUILD_COMMIT: expected a commit in hexadecimal digits, found "v0.2.0"',
  })
})
