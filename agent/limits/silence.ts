// How long an agent may be silent before it is missed.

const quarterOfAnHour = 900

/** Three heartbeats and a quarter of an hour, in seconds, as in the alert KopiaAgentSilent. */
export function longestSilenceSeconds(heartbeatSeconds: number): number {
  return 3 * heartbeatSeconds + quarterOfAnHour
}
