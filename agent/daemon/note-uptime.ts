// Notes that the machine is awake now. Only a machine that sleeps needs this: its deadlines wait for it.

import type { Ledger } from '../ledger/ledger.ts'
import { withMoment } from '../ledger/uptime.ts'
import type { Settings } from '../settings/settings.ts'

export type UptimeOptions = {
  readonly settings: Pick<Settings, 'alwaysOn'>
  readonly ledger: Pick<Ledger, 'uptimeQuarters' | 'setUptimeQuarters'>
  readonly nowSeconds: () => number
}

/** Called at the start and by each heartbeat, so that one-shot pushes note it, too. */
export function noteUptime({ settings, ledger, nowSeconds }: UptimeOptions): void {
  ledger.setUptimeQuarters(
    settings.alwaysOn ? undefined : withMoment(ledger.uptimeQuarters ?? [], nowSeconds()),
  )
}
