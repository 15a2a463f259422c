// The times of the samples. Prometheus looks back five minutes, so samples that are no further apart make continuous graphs.

/** Times in Unix seconds. All samples are at multiples of the spacing, so that they match the steps of a dashboard. */
export type Grid = {
  readonly until: number
  /** The recent spacing applies from here on, the older one before. */
  readonly recentFrom: number
  readonly recentSpacing: number
  readonly olderSpacing: number
}

/** At least one sample, evenly spaced. */
export type Stretch = { readonly first: number; readonly spacing: number; readonly count: number }

/** Returns the stretches of the grid within [from, to). */
export function stretchesOf(grid: Grid, from: number, to: number): readonly Stretch[] {
  const end = Math.min(to, grid.until)
  const older = stretch(from, Math.min(end, grid.recentFrom), grid.olderSpacing)
  const recent = stretch(Math.max(from, grid.recentFrom), end, grid.recentSpacing)
  return [older, recent].filter(({ count }) => count > 0)
}

function stretch(from: number, to: number, spacing: number): Stretch {
  const first = Math.ceil(from / spacing) * spacing
  return { first, spacing, count: Math.max(0, Math.ceil((to - first) / spacing)) }
}
