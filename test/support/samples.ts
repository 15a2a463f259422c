// Lists the agent's samples one by one, for tests of single samples.

import type { Labels, SampleGroup } from '../../agent/metrics/sample-group.ts'

export type Sample = { readonly labels: Labels; readonly value: number }

export function samplesIn({ subjects, more, values }: SampleGroup): readonly Sample[] {
  return values.flatMap((value, index) =>
    value === undefined ? [] : [{ labels: { ...subjects[index], ...more }, value }],
  )
}
