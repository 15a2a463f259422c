// A rule that a dashboard has to keep.

import type { Dashboard } from './model.ts'

export type Rule = { readonly name: string; readonly check: (dashboard: Dashboard) => readonly Fault[] }
/** What is wrong where; a fault without a panel concerns the whole dashboard. */
export type Fault = { readonly panel?: string; readonly message: string }
