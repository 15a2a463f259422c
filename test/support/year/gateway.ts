// One group of the Pushgateway: the metrics of the last push and its time.

import { type Metrics, setFrom, type Tracks } from './tracks.ts'

export type GatewayGroup = {
  /**
   * Replaces all metrics of the group by these parts; one that was there before is unchanged. Heartbeats follow if the agent
   * sends them.
   */
  readonly push: (time: number, parts: readonly Metrics[]) => void
  /** Ends the pushes. */
  readonly stop: (time: number) => void
  /** Rejects the pushes from now on. */
  readonly reject: (time: number) => void
  /** Deletes the group, as a restart without persistence does. */
  readonly clear: (time: number) => void
}

/** `lastBeat` returns the time of the last heartbeat before a time; it is undefined for an agent that sends none. */
export function createGroup(
  labels: string,
  tracks: Tracks,
  lastBeat: ((time: number) => number) | undefined,
): GatewayGroup {
  const pushTime = `push_time_seconds{${labels}}`
  const failureTime = `push_failure_time_seconds{${labels}}`
  let pushed: readonly Metrics[] = []
  let state: 'absent' | 'pushing' | 'stopped' | 'rejected' = 'absent'

  /** Keeps what each heartbeat would have changed. */
  function keep(time: number): void {
    if (state !== 'pushing') return
    for (const [series, value] of pushed.flatMap((part) => [...part])) {
      if (typeof value === 'function') setFrom(tracks, series, time, value(time))
    }
  }

  return {
    push: (time, parts) => {
      if (state === 'absent') setFrom(tracks, failureTime, time, 0)
      if (state === 'rejected') setFrom(tracks, failureTime, time, lastBeat?.(time))
      const changed = parts.filter((part) => !pushed.includes(part))
      for (const series of pushed
        .filter((part) => !parts.includes(part))
        .flatMap((part) => [...part.keys()])) {
        if (!changed.some((part) => part.has(series))) setFrom(tracks, series, time, undefined)
      }
      for (const [series, value] of changed.flatMap((part) => [...part])) setFrom(tracks, series, time, value)
      pushed = parts
      setFrom(tracks, pushTime, time, lastBeat ?? time)
      state = 'pushing'
    },
    stop: (time) => {
      keep(time)
      if (state === 'pushing' && lastBeat !== undefined) setFrom(tracks, pushTime, time, lastBeat(time))
      if (state === 'rejected' && lastBeat !== undefined) setFrom(tracks, failureTime, time, lastBeat(time))
      if (state !== 'absent') state = 'stopped'
    },
    reject: (time) => {
      keep(time)
      if (state === 'pushing' && lastBeat !== undefined) setFrom(tracks, pushTime, time, lastBeat(time))
      setFrom(tracks, failureTime, time, lastBeat ?? time)
      state = 'rejected'
    },
    clear: (time) => {
      const series = [...pushed.flatMap((part) => [...part.keys()]), pushTime, failureTime]
      for (const each of series) setFrom(tracks, each, time, undefined)
      pushed = []
      state = 'absent'
    },
  }
}
