// What `check` says of verifications: off, well set up, and each thing that is missing or wrong.

import assert from 'node:assert/strict'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import {
  checkVerification,
  type VerificationView,
  verificationFindings,
} from '../../agent/check/verification.ts'
import { emptyLedger, type Ledger } from '../../agent/ledger/ledger.ts'
import { loadSettings } from '../../agent/settings/load.ts'
import { statusOf } from '../../agent/status/status.ts'
import { status as repository } from '../support/fake-kopia.ts'
import { temporaryFolder } from '../support/folder.ts'
import { day, now } from '../support/ledgers.ts'
import { defaultLimitSettings } from '../support/limits.ts'
import {
  checksumFault,
  ledgerWithProofs,
  nightlySettings,
  proofOf,
  provedTonight,
} from '../support/proofs.ts'

const nightly = {
  schedule: '30 4 * * *',
  percent: 1,
  restoreFiles: 3,
  mostBytes: 1e9,
  parallel: 2,
  timeLimitMs: 3_600_000,
}
const place = { stateDirectory: '/state', resolvedKopiaConfigPath: '/c/repository.config' }

function sourcesOf(ledger: Ledger, limits = nightlySettings) {
  return statusOf(ledger, limits, new Map(), now).sources
}

function resultsOf(change: Partial<VerificationView> = {}) {
  const findings = verificationFindings({
    settings: { ...place, verify: nightly },
    sources: sourcesOf(ledgerWithProofs({ '/a': provedTonight, '/b': undefined }, 1)),
    client: 'of the storage',
    password: 'set',
    freeBytes: 5e9,
    missingPrograms: [],
    now,
    ...change,
  })
  return Object.fromEntries(
    findings.map((finding) => [
      finding.subject,
      [finding.result, finding.found, finding.result === 'ok' ? '' : finding.advice],
    ]),
  )
}

test('off, one line says how to turn it on', () => {
  assert.deepEqual(
    resultsOf({
      settings: { ...place, verify: { ...nightly, schedule: undefined } },
      sources: sourcesOf(ledgerWithProofs({ '/a': undefined }), defaultLimitSettings),
      password: 'keyring',
      freeBytes: undefined,
      client: 'of a server',
      missingPrograms: ['nice'],
    }),
    {
      verification: [
        'ok',
        'off; set verify_schedule, such as "30 4 * * *", to have it proved that the backups can be read back',
        '',
      ],
    },
  )
})

test('with everything in order, every line is ok', () => {
  assert.deepEqual(resultsOf(), {
    verification: ['ok', 'by the schedule "30 4 * * *"; proved readable: 1 of 2 sources', ''],
    'verify password': ['ok', 'set for the agent', ''],
    'verify disk': ['ok', '5.0 GB free in /state, enough for 1.0 GB', ''],
    'verify programs': ['ok', 'all found', ''],
  })
})

test('verifications by cron are checked, too, though no schedule is set', () => {
  const found = resultsOf({
    settings: { ...place, verify: { ...nightly, schedule: undefined } },
    sources: sourcesOf(ledgerWithProofs({ '/a': provedTonight }), defaultLimitSettings),
  })
  assert.equal(found.verification?.[1], 'by hand or by cron; proved readable: 1 of 1 source')
  assert.equal(found['verify disk']?.[0], 'ok')
})

test('a source that cannot be read back is a failure, with its reason', () => {
  const proofs = {
    '/a': proofOf({ verdict: checksumFault }),
    '/b': proofOf({ verdict: checksumFault }),
    '/c': proofOf({ lastSuccessAt: now - 9 * day }),
  }
  const [result, found, advice = ''] =
    resultsOf({ sources: sourcesOf(ledgerWithProofs(proofs)) }).verification ?? []
  assert.equal(result, 'failure')
  assert.equal(
    found,
    'root@vm:/a: the snapshot of 2026-11-24 03:30 UTC cannot be read back: 3 objects (checksum): ' +
      'invalid checksum at p12 offset 0; and 1 more source',
  )
  assert.match(advice, /^stop maintenance and .*KopiaVerifyFailed/)
})

test('an overdue proof is a warning that says why', () => {
  const verification = (sources: VerificationView['sources']) => resultsOf({ sources }).verification
  assert.deepEqual(
    verification(
      sourcesOf(
        ledgerWithProofs({
          '/a': proofOf({ lastSuccessAt: now - 9 * day, unprovenReason: 'no space left on device' }),
          '/b': provedTonight,
        }),
      ),
    ),
    [
      'warning',
      'root@vm:/a: last proved readable 9 d ago, which is overdue (the last verification found nothing out: no space left on device)',
      'start the agent, or run "kopia-metrics-agent verify" to see what keeps it from being proved',
    ],
  )
  assert.match(
    verification(sourcesOf(ledgerWithProofs({ '/a': undefined, '/b': undefined })))?.[1] ?? '',
    /^root@vm:\/a: never proved readable, which is overdue; and 1 more source$/,
  )
})

test('a password in a keyring only is a failure that says what to set', () => {
  const [result, found, advice] = resultsOf({ password: 'keyring' })['verify password'] ?? []
  assert.equal(result, 'failure')
  assert.match(
    found ?? '',
    /^expected KOPIA_PASSWORD or \/c\/repository\.config\.kopia-password, found neither/,
  )
  assert.match(advice ?? '', /^set kopia_password_file \(KOPIA_METRICS_KOPIA_PASSWORD_FILE\)/)
  assert.deepEqual(resultsOf({ password: 'stored in a file' })['verify password'], [
    'ok',
    '/c/repository.config.kopia-password',
    '',
  ])
})

test('too little room for the restored files is a warning', () => {
  assert.deepEqual(resultsOf({ freeBytes: 0.9e9 })['verify disk'], [
    'warning',
    '900 MB free in /state; a verification may need 1.0 GB for what it restores',
    'make room there, or lower verify_max_bytes',
  ])
  assert.equal(resultsOf({ freeBytes: 1e9 })['verify disk']?.[0], 'ok')
  assert.equal(resultsOf({ freeBytes: undefined })['verify disk']?.[0], 'warning')
})

test('a client of a server, and missing programs, are told', () => {
  const found = resultsOf({ client: 'of a server', missingPrograms: ['ionice', 'setpriv'] })
  assert.equal(found['verify server']?.[0], 'warning')
  assert.match(found['verify server']?.[2] ?? '', /on the machine of the server/)
  assert.deepEqual(found['verify programs'], [
    'ok',
    'ionice, setpriv not found: a verification can slow down others more',
    '',
  ])
})

async function findingsFor(context: TestContext, environment: Readonly<Record<string, string>>) {
  const folder = await temporaryFolder(context)
  const configuration = join(folder, 'repository.config')
  const settings = await loadSettings(
    {
      'state-dir': join(folder, environment.STATE ?? ''),
      'kopia-config-path': configuration,
      'verify-schedule': '30 4 * * *',
      'verify-max-bytes': '1B',
    },
    environment,
  )
  const results = async () => {
    const findings = await checkVerification(settings, emptyLedger, repository, now)
    return Object.fromEntries(findings.map((finding) => [finding.subject, finding]))
  }
  return { configuration, results }
}

test('the machine is looked at: the password, the room and the programs', async (context) => {
  const { configuration, results } = await findingsFor(context, {})
  const before = await results()
  assert.equal(before['verify password']?.result, 'failure')
  assert.match(before['verify disk']?.found ?? '', /^\S+ [kMGT]?B free in .*, enough for 1 B$/)
  assert.ok(before['verify programs'])
  assert.equal(before['verify server'], undefined)
  const passwordFile = `${configuration}.kopia-password`
  await writeFile(passwordFile, 'c2VjcmV0')
  await chmod(passwordFile, 0o600)
  assert.equal((await results())['verify password']?.found, passwordFile)
  const withPassword = await findingsFor(context, { KOPIA_PASSWORD: 'secret' })
  assert.equal((await withPassword.results())['verify password']?.result, 'ok')
  const away = await findingsFor(context, { STATE: 'nowhere' })
  assert.equal((await away.results())['verify disk']?.result, 'warning')
})
