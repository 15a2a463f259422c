// How an attempt can end, in the words of the metrics.

/** The values of the label `status`. */
export type Outcome = 'success' | 'failed' | 'incomplete'
export const outcomes: readonly Outcome[] = ['success', 'failed', 'incomplete']
