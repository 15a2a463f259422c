// A machine that sleeps makes no backups meanwhile, so its deadlines wait until it has been awake for long enough.

import { quarterSeconds, type UptimeQuarters } from '../ledger/uptime.ts'

/** Four hours: time for a backup that is made up for after waking. */
const awakeQuarters = 16

/**
 * The end of the fourth hour awake after the deadline, by what is known at `nowSeconds` (all in Unix seconds). As long as the
 * machine stays awake, the result stays the same; each quarter of an hour asleep moves it by as much.
 */
export function movedByUptime(deadline: number, quarters: UptimeQuarters, nowSeconds: number): number {
  const first = Math.floor(deadline / quarterSeconds) + 1
  const awake = quarters.filter((quarter) => quarter >= first)
  const last = awake[awakeQuarters - 1]
  if (last !== undefined) return (last + 1) * quarterSeconds
  const present = Math.floor(nowSeconds / quarterSeconds)
  const next = awake.at(-1) === present ? present + 1 : present
  return (Math.max(first, next) + awakeQuarters - awake.length) * quarterSeconds
}
