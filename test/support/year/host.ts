// The metrics of a machine's node-exporter while the machine is awake.

import type { Effect } from './incidents.ts'
import type { Machine } from './plan.ts'
import { setFrom, type Tracks } from './tracks.ts'

/** Sets the values that node-exporter reports from `time` on. */
export function setHostMetrics(
  machine: Machine,
  tracks: Tracks,
  time: number,
  isAwake: boolean,
  isUnder: (effect: Effect) => boolean,
): void {
  const node = `job="node", instance="${machine}:9100"`
  const disk = `${node}, device="/dev/sda1", fstype="ext4", mountpoint="/"`
  const set = (series: string, value: number | ((at: number) => number)) =>
    setFrom(tracks, series, time, isAwake ? value : undefined)
  set(`node_filesystem_size_bytes{${disk}}`, 1e11)
  set(`node_filesystem_avail_bytes{${disk}}`, isUnder('disk is full') ? 1e9 : 4e10)
  set(`node_memory_MemTotal_bytes{${node}}`, 8e9)
  set(`node_memory_MemAvailable_bytes{${node}}`, isUnder('memory is low') ? 2e8 : 4e9)
  set(`node_time_seconds{${node}}`, isUnder('clock is wrong') ? twoMinutesSlow : correctTime)
}

const correctTime = (at: number) => at
const twoMinutesSlow = (at: number) => at - 120
