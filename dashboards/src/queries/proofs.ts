// Queries about proofs that the backups can be read back.

import { ofSources } from '../selectors.ts'
import { bySource, sourceLabels } from './sources.ts'

/** Instead of the time of a proof. Real times are greater. */
export const noProof = { unreadable: 0, never: 1 } as const

const lastSuccess = ofSources('kopia_verify_last_success_timestamp_seconds')
const proved = bySource(lastSuccess)
/** As KopiaVerifyFailed: a time limit that was reached says nothing about damage. */
const errors = bySource(`${ofSources('kopia_verify_errors', 'kind!="timeout"')} > 0`)
const everySource = bySource(ofSources('kopia_backup_first_seen_timestamp_seconds'))
/** The ten sources whose proof is the oldest at the end of the displayed time. */
const oldestTen = `bottomk(10, ${bySource(`${lastSuccess} @ end()`)})`

export const proofs = {
  /** In milliseconds; where the last verification found damage, the proof before counts no more. */
  provedAt: [
    `${noProof.unreadable} * ${errors}`,
    `1000 * ${proved}`,
    `${noProof.never} + 0 * ${everySource}`,
  ].join(' or '),
  oldestAges: `time() - ${proved} and on (${sourceLabels}) ${oldestTen}`,
  readBytes: `sum(${bySource(ofSources('kopia_verify_read_bytes'))})`,
} as const
