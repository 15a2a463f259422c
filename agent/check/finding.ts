// The result of one check, and what to do about it.

export type Finding =
  | { readonly result: 'ok'; readonly subject: string; readonly found: string }
  | {
      readonly result: 'warning' | 'failure'
      readonly subject: string
      readonly found: string
      /** What to do. */
      readonly advice: string
    }

/** `subject` works. */
export function ok(subject: string, found: string): Finding {
  return { result: 'ok', subject, found }
}

/** `subject` works, or may be meant to be so, but deserves a look. */
export function warning(subject: string, found: string, advice: string): Finding {
  return { result: 'warning', subject, found, advice }
}

/** `subject` does not work. */
export function failure(subject: string, found: string, advice: string): Finding {
  return { result: 'failure', subject, found, advice }
}
