// One group at the gateway: what its agent pushed last, and when.

import type { Picture } from './picture.ts'
import { setFrom, type Tracks } from './tracks.ts'

export type GroupAtGateway = {
  /** A push replaces all that the group had; heartbeats follow, if the agent sends them. */
  readonly push: (time: number, picture: Picture) => void
  /** No more pushes come. */
  readonly fallSilent: (time: number) => void
  /** Pushes come and are refused. */
  readonly refuse: (time: number) => void
  /** The gateway loses all it had. */
  readonly lose: (time: number) => void
}

/** `lastBeat`: when the last heartbeat at this time was; undefined for an agent that sends none. */
export function createGroup(
  labels: string,
  tracks: Tracks,
  lastBeat: ((time: number) => number) | undefined,
): GroupAtGateway {
  const pushed = `push_time_seconds{${labels}}`
  const refused = `push_failure_time_seconds{${labels}}`
  const pushedSeries = new Set<string>()
  let state: 'absent' | 'beating' | 'silent' | 'refused' = 'absent'

  return {
    push: (time, picture) => {
      if (state === 'absent') setFrom(tracks, refused, time, 0)
      if (state === 'refused') setFrom(tracks, refused, time, lastBeat?.(time))
      for (const series of pushedSeries) {
        if (!picture.has(series)) setFrom(tracks, series, time, undefined)
      }
      for (const [series, value] of picture) {
        pushedSeries.add(series)
        setFrom(tracks, series, time, value)
      }
      setFrom(tracks, pushed, time, lastBeat ?? time)
      state = 'beating'
    },
    fallSilent: (time) => {
      if (state === 'beating' && lastBeat !== undefined) setFrom(tracks, pushed, time, lastBeat(time))
      if (state === 'refused' && lastBeat !== undefined) setFrom(tracks, refused, time, lastBeat(time))
      if (state !== 'absent') state = 'silent'
    },
    refuse: (time) => {
      if (state === 'beating' && lastBeat !== undefined) setFrom(tracks, pushed, time, lastBeat(time))
      setFrom(tracks, refused, time, lastBeat ?? time)
      state = 'refused'
    },
    lose: (time) => {
      for (const series of [...pushedSeries, pushed, refused]) setFrom(tracks, series, time, undefined)
      state = 'absent'
    },
  }
}
