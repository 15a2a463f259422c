// Names that come from outside, made safe to print: a path may hold any byte but NUL.

const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\t': '\\t', '\r': '\\r' }

/**
 * Escapes what can move the cursor, colour the terminal, begin a line or turn the reading direction: control characters,
 * format characters (bidirectional overrides among them), line separators and lone surrogates (Unicode, general category).
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (character) => shortForms[character] ?? `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
