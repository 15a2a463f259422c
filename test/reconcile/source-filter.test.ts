import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSourceTest } from '../../agent/kopia/source-patterns.ts'
import { isInScope } from '../../agent/reconcile/source-filter.ts'

const sources = {
  linux: { user: 'me', host: 'nas', path: '/data/.photos/2026' },
  backslash: { user: 'me', host: 'nas', path: '/data/a\\b' },
  star: { user: 'me', host: 'nas', path: '/data/*' },
  windows: { user: 'me', host: 'pc', path: 'C:\\Users\\me' },
  slashes: { user: 'me', host: 'pc', path: 'D:/data' },
  share: { user: 'me', host: 'pc', path: '\\\\server\\share\\data' },
}

const cases: readonly (readonly [readonly string[], readonly (keyof typeof sources)[]])[] = [
  [['**'], ['linux', 'backslash', 'star', 'windows', 'slashes', 'share']],
  [['me@nas:/data/**'], ['linux', 'backslash', 'star']],
  [['me@nas:/data/*'], ['backslash', 'star']],
  [['me@nas:/data/\\*'], ['star']],
  [['me@nas:/data/a\\\\b'], ['backslash']],
  [['**\\Users\\**'], ['windows']],
  [['**/Users/**'], ['windows']],
  [['me@pc:C:\\Users\\me'], ['windows']],
  [['me@pc:C:/Users/me'], ['windows']],
  [['me@pc:C:\\*'], []],
  [['me@pc:C:\\**'], ['windows']],
  [['*@pc:?:/**'], ['windows', 'slashes']],
  [['me@pc:D:\\data'], ['slashes']],
  [['*@*:\\\\server\\share\\**'], ['share']],
  [['*@*://server/**'], ['share']],
]

for (const [patterns, expected] of cases) {
  test(`${patterns} includes or excludes ${expected.join(', ') || 'nothing'}`, () => {
    const [isIncluded, isNotExcluded] = [
      createSourceTest({ include: patterns, exclude: [] }),
      createSourceTest({ include: [], exclude: patterns }),
    ]
    const all = Object.entries(sources)
    const names = (isWanted: typeof isIncluded) =>
      all.filter(([, source]) => isWanted(source)).map(([name]) => name)
    assert.deepEqual(names(isIncluded), expected)
    assert.deepEqual(
      names((source) => !isNotExcluded(source)),
      expected,
    )
  })
}

test('the scope local holds the sources of who Kopia is here, whatever is in the names', () => {
  const identity = { user: 'me@example.org', host: 'nas' }
  const isLocal = (user: string, host: string) => isInScope('local', identity, { user, host, path: '/data' })
  assert.deepEqual(
    [isLocal('me@example.org', 'nas'), isLocal('me', 'example.org@nas'), isLocal('me', 'nas')],
    [true, true, false],
  )
  assert.equal(isInScope('all', identity, sources.linux), true)
  assert.equal(isInScope('local', undefined, sources.linux), true)
})
