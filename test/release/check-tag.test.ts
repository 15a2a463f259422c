// A tag becomes a release only where package.json and the changelog say the same.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { type Candidate, problemsOf } from '../../tools/release/check-tag.ts'
import { projectFolder } from '../support/tools.ts'

const good: Candidate = {
  tag: 'v0.2.0',
  version: '0.2.0',
  lockedVersion: '0.2.0',
  changelog:
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 - 2026-11-28\n\n- Something.\n\n## 0.1.0 - 2026-01-01\n\n- The first.\n',
}

const changed = (from: string, to: string) => ({ changelog: good.changelog.replace(from, to) })

test('nothing speaks against a tag of the version that the changelog describes', () => {
  assert.deepEqual(problemsOf(good), [])
})

const bad: readonly (readonly [what: string, change: Partial<Candidate>, problem: RegExp])[] = [
  ['a tag of another version', { tag: 'v0.2.1' }, /expected the tag v0\.2\.0, found v0\.2\.1$/],
  ['a tag without v', { tag: '0.2.0' }, /expected the tag v0\.2\.0, found 0\.2\.0$/],
  [
    'a lock of another version',
    { lockedVersion: '0.1.0' },
    /package-lock\.json: expected the version 0\.2\.0, found 0\.1\.0/,
  ],
  [
    'a version without a heading',
    changed('## 0.2.0 - 2026-11-28', '## 0.1.5 - 2026-11-28'),
    /"## 0\.2\.0 - YYYY-MM-DD"/,
  ],
  ['a heading without a day', changed('0.2.0 - 2026-11-28', '0.2.0'), /"## 0\.2\.0 - YYYY-MM-DD"/],
  ['a day that does not exist', changed('2026-11-28', '2026-11-31'), /"## 0\.2\.0 - YYYY-MM-DD"/],
  ['a heading without text', changed('- Something.', ''), /with text below it/],
  [
    'changes that are not released',
    changed('## Unreleased\n', '## Unreleased\n\n- More.\n'),
    /move what is under "Unreleased"/,
  ],
]

for (const [what, change, problem] of bad) {
  test(`${what} is refused`, () => {
    const [found = '', ...others] = problemsOf({ ...good, ...change })
    assert.match(found, problem)
    assert.deepEqual(others, [])
  })
}

test('a preliminary version is refused', () => {
  const preliminary = { tag: 'v0.2.0-rc.1', version: '0.2.0-rc.1', lockedVersion: '0.2.0-rc.1' }
  const problems = problemsOf({ ...good, ...preliminary, ...changed('0.2.0 -', '0.2.0-rc.1 -') })
  assert.deepEqual(problems, ['package.json: expected a version of three numbers, found 0.2.0-rc.1'])
})

test('the command fails for a tag of another version, and says why', () => {
  const check = () =>
    execFileSync(process.execPath, ['tools/release/check-tag.ts', 'v9.9.9'], {
      cwd: projectFolder,
      encoding: 'utf8',
      stdio: 'pipe',
    })
  assert.throws(check, { status: 1, stderr: /found v9\.9\.9$/m })
})
