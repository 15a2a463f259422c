// The agent's samples one by one, for those who look at single ones.

import type { Labels, SampleGroup } from '../../agent/metrics/sample-group.ts'

export type Sample = { readonly labels: Labels; readonly value: number }

export function samplesIn({ subjects, more, values }: SampleGroup): readonly Sample[] {
  return values.flatMap((value, index) =>
    value === undefined ? [] : [{ labels: { ...subjects[index], ...more }, value }],
  )
}
