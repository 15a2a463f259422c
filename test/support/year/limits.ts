// What the simulated agents are set to, and the policies of the repository.

import { type Policy, parsePolicies } from '../../../agent/kopia/cli/policies.ts'
import type { LimitSettings } from '../../../agent/limits/context.ts'
import { toLimits } from '../../../agent/settings/limits.ts'
import { type SourcePlan, sourceOf, sources } from './plan.ts'
import { defaultRetention } from './retention.ts'
import { verifySchedule } from './verifications.ts'

/** Its clock changes are those of calendar.ts. */
const timeZone = 'Europe/London'

const configured = sources.flatMap(({ path, schedule }) =>
  schedule.origin === 'configured' ? [`*:${path}=${schedule.interval}`] : [],
)

/** The limits of all agents. Which of them verifies is noted in its ledger. */
export const limits: LimitSettings = { ...toLimits('0.5', configured.join(','), verifySchedule), timeZone }

/** All machines use one repository. */
export const policies: readonly Policy[] = parsePolicies([
  { target: { host: '', userName: '', path: '' }, retention: defaultRetention, scheduling: {} },
  ...sources.flatMap(policyOf),
])

function policyOf(plan: SourcePlan): readonly unknown[] {
  const { user, host, path } = sourceOf(plan)
  const target = { userName: user, host, path }
  const { schedule, ignoresIdentical } = plan
  if (schedule.origin === 'policy') return [{ target, scheduling: schedule.scheduling }]
  return ignoresIdentical ? [{ target, retention: { ignoreIdenticalSnapshots: true } }] : []
}
