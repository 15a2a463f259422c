// How large the newest snapshot of a source was in the last weeks, day by day. Pure.

import type { Snapshot } from '../kopia/cli/snapshots.ts'
import { type Merge, withRecords } from './day-records.ts'

/** Pairs, one a day at most, oldest first: the last end in Unix seconds, and the bytes of that snapshot. */
export type SizeRecords = readonly number[]

/** Records of a day come oldest first. */
const newestOf: Merge = (_, other) => other

/** Adds complete snapshots, oldest first. */
export function withSizes(sizes: SizeRecords | undefined, complete: readonly Snapshot[]): SizeRecords {
  const records = complete.map(({ endedAt, sizeBytes }) => [Math.round(endedAt), sizeBytes] as const)
  return withRecords(sizes ?? [], records, newestOf)
}

/** A size, and since when it was the newest one that is known (Unix seconds). */
type SizeAt = { readonly bytes: number; readonly since: number }

/** The size that was the newest one at that time, else the first known one after it; undefined without one. */
export function sizeAt(sizes: SizeRecords, at: number): SizeAt | undefined {
  let found = 0
  for (let next = 2; next < sizes.length && (sizes[next] ?? 0) <= at; next += 2) found = next
  const [since, bytes] = [sizes[found], sizes[found + 1]]
  return since === undefined || bytes === undefined ? undefined : { bytes, since }
}
