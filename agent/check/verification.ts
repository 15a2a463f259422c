// Checks what the proof that backups can be read back needs on this machine, and what it found.

import { constants } from 'node:fs'
import { access, statfs } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { isServerClient, type RepositoryStatus } from '../kopia/cli/client.ts'
import { passwordPathOf } from '../kopia/cli/password.ts'
import { createLedger, type LedgerData } from '../ledger/ledger.ts'
import type { Settings } from '../settings/settings.ts'
import { unreadableWords } from '../status/proof-words.ts'
import { type SourceStatus, statusOf } from '../status/status.ts'
import { agoWords, bytesWords, pluralWords } from '../status/words.ts'
import { type Finding, failure, ok, warning } from './finding.ts'

export type VerificationView = {
  readonly settings: Pick<Settings, 'verify' | 'stateDirectory' | 'resolvedKopiaConfigPath'>
  /** The state of the sources, and of what was proved of them. */
  readonly sources: readonly SourceStatus[]
  readonly client: 'of a server' | 'of the storage'
  /** `keyring`: neither the agent nor a file beside the configuration has the password. */
  readonly password: 'set' | 'stored in a file' | 'keyring'
  /** For the restored files; undefined if the folder can't be examined. */
  readonly freeBytes: number | undefined
  /** Programs that keep a verification from disturbing others, and that are not there. */
  readonly missingPrograms: readonly string[]
  readonly now: number
}

/** One line where no verification is set up or has run; else a line for each part. */
export function verificationFindings(view: VerificationView): readonly Finding[] {
  const { settings, sources } = view
  if (settings.verify.schedule === undefined && sources.every(({ proof }) => proof === undefined)) {
    const found =
      'off; set verify_schedule, such as "30 4 * * *", to have it proved that the backups can be read back'
    return [ok('verification', found)]
  }
  const server = view.client === 'of a server' ? [serverFinding] : []
  return [proofFinding(view), passwordFinding(view), diskFinding(view), programsFinding(view), ...server]
}

function proofFinding({ settings: { verify }, sources, now }: VerificationView): Finding {
  const unreadable = sources.filter(({ proof }) => proof?.last?.result === 'unreadable')
  const [bad] = unreadable
  if (bad !== undefined) {
    const found = `${bad.name}: ${unreadableWords(bad)}${moreWords(unreadable)}`
    const advice =
      'stop maintenance and the deletion of snapshots, then follow the runbook of KopiaVerifyFailed (rules/runbooks.md)'
    return failure('verification', found, advice)
  }
  const overdue = sources.filter(({ proof }) => proof?.overdueSince !== undefined)
  const [late] = overdue
  if (late?.proof !== undefined) {
    const { provedAt, unprovenReason } = late.proof
    const last =
      provedAt === undefined ? 'never proved readable' : `last proved readable ${agoWords(provedAt, now)}`
    const why =
      unprovenReason === undefined ? '' : ` (the last verification found nothing out: ${unprovenReason})`
    return warning(
      'verification',
      `${late.name}: ${last}, which is overdue${why}${moreWords(overdue)}`,
      'start the agent, or run "kopia-metrics-agent verify" to see what keeps it from being proved',
    )
  }
  const proved = sources.filter(({ proof }) => proof?.provedAt !== undefined).length
  const when = verify.schedule === undefined ? 'by hand or by cron' : `by the schedule "${verify.schedule}"`
  return ok('verification', `${when}; proved readable: ${proved} of ${pluralWords(sources.length, 'source')}`)
}

function moreWords(all: readonly SourceStatus[]): string {
  return all.length > 1 ? `; and ${pluralWords(all.length - 1, 'more source')}` : ''
}

/** A keyring has the password under the path of the configuration, so a copy of the configuration finds none. */
function passwordFinding({ password, settings }: VerificationView): Finding {
  const subject = 'verify password'
  if (password === 'set') return ok(subject, 'set for the agent')
  const path = passwordPathOf(settings.resolvedKopiaConfigPath)
  if (password === 'stored in a file') return ok(subject, path)
  return failure(
    subject,
    `expected KOPIA_PASSWORD or ${path}, found neither: a verification uses a copy of the configuration, for which no keyring has the password`,
    'set kopia_password_file (KOPIA_METRICS_KOPIA_PASSWORD_FILE) to a file with the password of the repository, or set KOPIA_PASSWORD',
  )
}

function diskFinding({ freeBytes, settings }: VerificationView): Finding {
  const { stateDirectory, verify } = settings
  const subject = 'verify disk'
  if (freeBytes === undefined)
    return warning(subject, `${stateDirectory} can't be examined`, 'start the agent, which creates it')
  const found = `${bytesWords(freeBytes)} free in ${stateDirectory}`
  const needed = bytesWords(verify.mostBytes)
  return freeBytes < verify.mostBytes
    ? warning(
        subject,
        `${found}; a verification may need ${needed} for what it restores`,
        'make room there, or lower verify_max_bytes',
      )
    : ok(subject, `${found}, enough for ${needed}`)
}

/** It works without them, too. */
function programsFinding({ missingPrograms }: VerificationView): Finding {
  const found =
    missingPrograms.length === 0
      ? 'all found'
      : `${missingPrograms.join(', ')} not found: a verification can slow down others more`
  return ok('verify programs', found)
}

const serverFinding = warning(
  'verify server',
  "Kopia is a client of a server, whose own cache answers: what is damaged in the server's storage can look well",
  "run the agent's verification on the machine of the server, too, beside a Kopia that is connected to the storage itself",
)

/** Looks at the machine and at the ledger; `repository` is what Kopia answers. */
export async function checkVerification(
  settings: Settings,
  ledger: LedgerData,
  repository: RepositoryStatus,
  now: number,
): Promise<readonly Finding[]> {
  const [freeBytes, password, missingPrograms] = await Promise.all([
    freeBytesOf(settings.stateDirectory),
    passwordOf(settings),
    missingOf(programs[process.platform] ?? []),
  ])
  return verificationFindings({
    settings,
    sources: statusOf(createLedger(ledger), settings.limits, new Map(), now).sources,
    client: isServerClient(repository) ? 'of a server' : 'of the storage',
    password,
    freeBytes,
    missingPrograms,
    now,
  })
}

const programs: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  linux: ['nice', 'ionice', 'setpriv'],
  darwin: ['nice'],
}

async function freeBytesOf(folder: string): Promise<number | undefined> {
  const stats = await statfs(folder).catch(() => undefined)
  return stats && stats.bavail * stats.bsize
}

async function passwordOf(settings: Settings): Promise<VerificationView['password']> {
  if (settings.kopiaPassword !== '') return 'set'
  return (await isThere(passwordPathOf(settings.resolvedKopiaConfigPath), constants.R_OK))
    ? 'stored in a file'
    : 'keyring'
}

async function missingOf(names: readonly string[]): Promise<readonly string[]> {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = await Promise.all(
    names.map(async (name) => {
      const places = await Promise.all(folders.map((folder) => isThere(join(folder, name), constants.X_OK)))
      return places.includes(true)
    }),
  )
  return names.filter((_, index) => !found[index])
}

async function isThere(path: string, mode: number): Promise<boolean> {
  return await access(path, mode).then(
    () => true,
    () => false,
  )
}
