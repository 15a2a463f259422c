// Measures and fits texts by terminal columns: an ideogram takes two, a combining accent none.

import stringWidth from 'string-width'

/** The columns that a text without escape sequences takes. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** The text with spaces at its end, to fill `width` columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** The text with spaces on the side opposite to `align`, to fill `width` columns. */
export function fitted(text: string, width: number, align: 'left' | 'right'): string {
  return align === 'left' ? padded(text, width) : ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** Shortens a text to `width` columns. It keeps the end, since paths differ at their ends. */
export function shortened(text: string, width: number): string {
  if (widthOf(text) <= width) return text
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment)
  let end = ''
  while (characters.length > 0) {
    const next = (characters.pop() ?? '') + end
    if (widthOf(next) > width - 1) break
    end = next
  }
  return `…${end}`
}

/** Splits a text at spaces into lines of `width` columns, and a wider word, such as a path, anywhere. Undefined: one line. */
export function wrapped(text: string, width: number | undefined): readonly string[] {
  if (width === undefined) return [text]
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last !== undefined && widthOf(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(...pieces(word, width))
  }
  return lines
}

/** A word in pieces of at most `width` columns, or of one character that is wider. */
function pieces(word: string, width: number): readonly string[] {
  if (widthOf(word) <= width) return [word]
  const found: string[] = []
  for (const { segment } of graphemes.segment(word)) {
    const longer = (found.at(-1) ?? '') + segment
    if (found.length > 0 && widthOf(longer) <= width) found[found.length - 1] = longer
    else found.push(segment)
  }
  return found
}
