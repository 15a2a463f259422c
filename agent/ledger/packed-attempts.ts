// Attempts as a short text: 800 of them, an hour apart, take 2.4 kB in the ledger and in memory. Pure.

import { type Outcome, outcomes } from '../kopia/runs/outcome-kinds.ts'

/** `endedAt` is in whole Unix seconds. */
export type LoggedAttempt = { readonly endedAt: number; readonly outcome: Outcome }

/** The digits need no escape in JSON. */
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const half = 32
const outcomesRoom = 4

/**
 * Packs attempts, oldest first. Each is a number: four times the seconds since the one before (the first: since 1970), plus the
 * index in `outcomes`. A number is written in base 32, the lowest digit first; each digit but the last is raised by 32.
 */
export function packedAttempts(attempts: readonly LoggedAttempt[]): string {
  let before = 0
  // Joined at once: a text that grows by characters takes many times its size in memory, until it is written.
  const text: string[] = []
  for (const { endedAt, outcome } of attempts) {
    let rest = (endedAt - before) * outcomesRoom + outcomes.indexOf(outcome)
    before = endedAt
    for (; rest >= half; rest = Math.floor(rest / half)) text.push(digits.charAt((rest % half) + half))
    text.push(digits.charAt(rest))
  }
  return text.join('')
}

/** The attempts of such a text. */
export function unpackedAttempts(text: string): readonly LoggedAttempt[] {
  const attempts: LoggedAttempt[] = []
  let [endedAt, number, weight] = [0, 0, 1]
  for (const character of text) {
    const digit = digits.indexOf(character)
    number += (digit % half) * weight
    weight *= half
    if (digit >= half) continue
    endedAt += Math.floor(number / outcomesRoom)
    attempts.push({ endedAt, outcome: outcomes[number % outcomesRoom] ?? 'failed' })
    number = 0
    weight = 1
  }
  return attempts
}
