// Texts in columns of a terminal: an ideogram takes two, an accent none.

import stringWidth from 'string-width'

/** Columns that the text takes; it holds no escape sequences. */
export function widthOf(text: string): number {
  return stringWidth(text)
}

/** Filled up with spaces to `width` columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)))
}

/** Filled up on the side that `align` leaves free. */
export function fitted(text: string, width: number, align: 'left' | 'right'): string {
  return align === 'left' ? padded(text, width) : ' '.repeat(Math.max(0, width - widthOf(text))) + text
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/** The end of a text that is wider than `width`, since paths differ at their ends. */
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

/** Cut into lines at spaces; a word that is wider stands alone. Undefined: one line. */
export function wrapped(text: string, width: number | undefined): readonly string[] {
  if (width === undefined) return [text]
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    const longer = `${last} ${word}`
    if (last !== undefined && widthOf(longer) <= width) lines[lines.length - 1] = longer
    else lines.push(word)
  }
  return lines
}
