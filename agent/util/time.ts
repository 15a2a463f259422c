// RFC 3339 times.

/**
 * RFC 3339 to Unix seconds; undefined for any other text.
 * Kopia writes microseconds, which Date.parse alone would cut to milliseconds.
 */
export function parseTime(text: string): number | undefined {
  const [, whole, fraction = '', zone] = /^([^.]+?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)$/.exec(text) ?? []
  if (whole === undefined || zone === undefined) return undefined
  const milliseconds = Date.parse(whole + zone.replace(/^([+-]\d\d)(\d\d)$/, '$1:$2'))
  if (Number.isNaN(milliseconds)) return undefined
  return milliseconds / 1000 + Number(`0.${fraction || '0'}`)
}
