// What one look found, and what to do about it.

export type Finding =
  | { readonly verdict: 'ok'; readonly subject: string; readonly found: string }
  | {
      readonly verdict: 'warning' | 'failure'
      readonly subject: string
      readonly found: string
      /** What to do; a warning is for what may be meant so. */
      readonly advice: string
    }

/** All is well with `subject`. */
export function ok(subject: string, found: string): Finding {
  return { verdict: 'ok', subject, found }
}

/** It works, though perhaps not as it should. */
export function warning(subject: string, found: string, advice: string): Finding {
  return { verdict: 'warning', subject, found, advice }
}

/** It can't work so. */
export function failure(subject: string, found: string, advice: string): Finding {
  return { verdict: 'failure', subject, found, advice }
}
