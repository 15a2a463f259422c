// Quotes words for a shell.

import { visible } from './visible.ts'

/** Quotes a word for a POSIX shell if that is needed. */
export function shellWord(text: string): string {
  return /^[\w./@%+=:,-]+$/.test(text) ? text : `'${visible(text).replaceAll("'", "'\\''")}'`
}
