// The type of a dashboard rule.

import type { Dashboard } from './model.ts'

export type Rule = { readonly name: string; readonly check: (dashboard: Dashboard) => readonly Fault[] }
/** A fault. Without a panel it concerns the whole dashboard. */
type Fault = { readonly panel?: string; readonly message: string }
