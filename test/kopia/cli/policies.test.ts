import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseMaintenance } from '../../../agent/kopia/cli/maintenance.ts'
import { effectivePolicyFor, hasOwnPolicy, parsePolicies } from '../../../agent/kopia/cli/policies.ts'

const source = { user: 'root', host: 'vm', path: '/data/photos' }

function policy(target: object, scheduling: object): object {
  return { id: 'x', target: { host: '', userName: '', path: '', ...target }, scheduling }
}

const own = { host: 'vm', userName: 'root', path: '/data/photos' }
const hour = 3600

const cases: readonly (readonly [string, readonly object[], number | undefined])[] = [
  ['no schedule at all', [policy({}, { runMissed: true })], undefined],
  ['an interval', [policy(own, { intervalSeconds: 600 })], 600],
  [
    'times of day: the longest gap',
    [
      policy(own, {
        timeOfDay: [
          { hour: 3, min: 30 },
          { hour: 21, min: 0 },
        ],
      }),
    ],
    17.5 * hour,
  ],
  ['one time of day', [policy(own, { timeOfDay: [{ hour: 0, min: 0 }] })], 24 * hour],
  ['cron', [policy(own, { cron: ['0 */6 * * *'] })], 6 * hour],
  ['cron on working days: the weekend', [policy(own, { cron: ['0 3 * * 1-5'] })], 72 * hour],
  [
    'cron every few minutes of working days: the weekend',
    [policy(own, { cron: ['*/15 8-17 * * 1-5'] })],
    62.25 * hour,
  ],
  ['cron on two days of the week', [policy(own, { cron: ['0 3 * * 1', '0 3 * * 4'] })], 96 * hour],
  [
    'cron beside a time of day',
    [policy(own, { cron: ['0 3 * * 1-5'], timeOfDay: [{ hour: 3, min: 0 }] })],
    24 * hour,
  ],
  ['cron once a month: the longest month', [policy(own, { cron: ['0 3 1 * *'] })], 31 * 24 * hour],
  ['cron with a comment', [policy(own, { cron: ['0 3 * * 1 # Mondays'] })], 168 * hour],
  ['cron with a year', [policy(own, { cron: ['0 3 * * * 2020-2099'] })], 24 * hour],
  ['cron with seconds and a year', [policy(own, { cron: ['30 0 3 * * * *'] })], 24 * hour],
  [
    'an invalid cron expression beside a valid one',
    [policy(own, { cron: ['often', '0 3 * * *'] })],
    24 * hour,
  ],
  ['cron that never runs', [policy(own, { cron: ['0 3 31 2 *'] })], undefined],
  [
    'an interval and cron: the more frequent',
    [policy(own, { intervalSeconds: 7200, cron: ['0 * * * *'] })],
    hour,
  ],
  ['a folder above', [policy({ ...own, path: '/data' }, { intervalSeconds: 60 })], 60],
  ['the root folder above', [policy({ ...own, path: '/' }, { intervalSeconds: 60 })], 60],
  ['user and host', [policy({ ...own, path: '' }, { intervalSeconds: 70 })], 70],
  ['the host', [policy({ host: 'vm' }, { intervalSeconds: 80 })], 80],
  [
    'the nearest policy with an interval wins',
    [policy({}, { intervalSeconds: 90 }), policy(own, { intervalSeconds: 500 })],
    500,
  ],
  [
    "a global interval beside the source's time of day",
    [policy({}, { intervalSeconds: hour }), policy(own, { timeOfDay: [{ hour: 3, min: 0 }] })],
    hour,
  ],
  [
    "a global cron line beside the source's own: only the nearest counts",
    [policy({}, { cron: ['0 * * * *'] }), policy(own, { cron: ['0 3 * * *'] })],
    24 * hour,
  ],
  [
    'times of day above the source: they add up',
    [
      policy({}, { timeOfDay: [{ hour: 15, min: 0 }] }),
      policy({ host: 'vm' }, { timeOfDay: [{ hour: 3, min: 0 }] }),
      policy(own, { timeOfDay: [{ hour: 3, min: 0 }] }),
    ],
    12 * hour,
  ],
  [
    'times of day above the source, which the source does not inherit',
    [
      policy({}, { timeOfDay: [{ hour: 15, min: 0 }], intervalSeconds: 48 * hour }),
      policy(own, { timeOfDay: [{ hour: 3, min: 0 }], noParentTimeOfDay: true }),
    ],
    24 * hour,
  ],
  [
    'a policy that inherits nothing',
    [policy({}, { intervalSeconds: hour }), { ...policy(own, { cron: ['0 3 * * *'] }), noParent: true }],
    24 * hour,
  ],
  [
    'manual above an own interval',
    [policy({}, { manual: true }), policy(own, { intervalSeconds: 60 })],
    undefined,
  ],
  [
    'two policies of one target, left by two clients',
    [policy(own, { cron: ['0 3 * * *'] }), policy(own, { intervalSeconds: 60 })],
    60,
  ],
  ['manual snapshots only', [policy({}, { intervalSeconds: 90 }), policy(own, { manual: true })], undefined],
  [
    'the policy of another source',
    [policy({ ...own, path: '/data/photos2' }, { intervalSeconds: 60 })],
    undefined,
  ],
]

for (const [name, output, seconds] of cases) {
  test(`expected interval, ${name}: ${seconds ?? 'none'}`, () => {
    assert.equal(effectivePolicyFor(parsePolicies(output), source).intervalSeconds, seconds)
  })
}

test('hasOwnPolicy is true for the source itself only, not for a policy above it', () => {
  assert.equal(hasOwnPolicy(parsePolicies([policy(own, {})]), source), true)
  assert.equal(
    hasOwnPolicy(parsePolicies([policy({ ...own, path: '/data' }, {}), policy({}, {})]), source),
    false,
  )
})

test('the nearest policy that sets ignoreIdenticalSnapshots decides', () => {
  const retaining = (target: object, ignoreIdenticalSnapshots?: boolean) => ({
    ...policy(target, {}),
    retention: { ignoreIdenticalSnapshots },
  })
  const ignores = (...policies: readonly object[]) =>
    effectivePolicyFor(parsePolicies(policies), source).ignoresIdentical
  assert.deepEqual(
    [
      ignores(),
      ignores(retaining(own), retaining({}, true)),
      ignores(retaining(own, false), retaining({}, true)),
    ],
    [false, true, false],
  )
})

test('maintenance has its last success and its next time', () => {
  const run = (end: string, success: boolean) => ({ start: end, end, success })
  const info = {
    quick: { enabled: true },
    full: { enabled: false },
    schedule: {
      nextQuickMaintenance: '1970-01-01T00:10:00Z',
      nextFullMaintenance: '1970-01-01T00:20:00Z',
      runs: {
        'snapshot-gc': [run('1970-01-01T00:00:05Z', true), run('1970-01-01T00:00:09Z', false)],
        'cleanup-logs': [run('1970-01-01T00:00:07Z', true)],
      },
    },
  }
  assert.deepEqual(parseMaintenance(info), {
    quick: { lastSuccessAt: 7, nextAt: 600 },
    full: { lastSuccessAt: 5 },
  })
  assert.deepEqual(parseMaintenance({}), { quick: {}, full: {} })
  assert.throws(() => parseMaintenance([]), /expected an object as maintenance info/)
})
