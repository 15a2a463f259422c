// When there is a sample: Prometheus looks back five minutes, so a graph is continuous where they come that often.

/** Unix seconds; all samples lie on multiples of a spacing, so that a dashboard's steps meet them. */
export type Grid = {
  readonly until: number
  /** From here on the spacing is the closer one. */
  readonly recentFrom: number
  readonly recentSpacing: number
  readonly olderSpacing: number
}

/** Stretches of even spacing from `from` to before `to`, none of them empty. */
export type Stretch = { readonly first: number; readonly spacing: number; readonly count: number }

/** The stretches of the grid within [from, to). */
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
