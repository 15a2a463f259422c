// How long an agent may be silent before it is missed.

const quarterOfAnHour = 900

/** That of the default `refresh_schedule` (a test compares them): for an agent whose schedule is not known, or has no times to come. */
export const usualHeartbeatSeconds = 300

/** Three heartbeats and a quarter of an hour, in seconds, as in the alert KopiaAgentSilent. */
export function longestSilenceSeconds(heartbeatSeconds: number): number {
  return 3 * heartbeatSeconds + quarterOfAnHour
}
