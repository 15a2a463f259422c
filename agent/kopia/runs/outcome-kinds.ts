// How an attempt can end, in the words of the metrics.

/** The values of the label `status`. */
export type Outcome = 'success' | 'failed' | 'incomplete'
export const outcomes: readonly Outcome[] = ['success', 'failed', 'incomplete']

/** How it is known that the run is over: `silent` where nothing but its silence shows it. */
export type EndKnowledge = 'certain' | 'silent'
