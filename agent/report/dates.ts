// Formats times for the report, in the time zone of the machine. A time of another year than the report's has its year.

export type DateWords = {
  /** `Sat 21 Nov 08:00 CET`, from Unix seconds. */
  readonly exact: (at: number) => string
  /** `Sat 21 Nov`. */
  readonly day: (at: number) => string
  /** `Sat 21 Nov 08:00 – Sat 28 Nov 08:00 CET`; both zones where the clocks changed between them. */
  readonly range: (from: number, until: number) => string
}

/** Formats for a time zone such as `Europe/Berlin` (undefined: the machine's), in a report of the time `nowSeconds`. */
export function dateWordsIn(timeZone: string | undefined, nowSeconds: number): DateWords {
  const format = new Intl.DateTimeFormat('en-GB', {
    ...(timeZone !== undefined && { timeZone }),
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    timeZoneName: 'short',
  })
  const rawPartsOf = (at: number) => {
    const parts = new Map(format.formatToParts(at * 1000).map(({ type, value }) => [type, value]))
    return (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? ''
  }
  const yearOfReport = rawPartsOf(nowSeconds)('year')
  const partsOf = (at: number) => {
    const part = rawPartsOf(at)
    const year = part('year') === yearOfReport ? '' : ` ${part('year')}`
    // British English says Sept; all other months have three letters.
    const day = `${part('weekday')} ${part('day')} ${part('month').slice(0, 3)}${year}`
    return { day, time: `${day} ${part('hour')}:${part('minute')}`, zone: part('timeZoneName') }
  }
  const exact = (at: number) => `${partsOf(at).time} ${partsOf(at).zone}`
  return {
    exact,
    day: (at) => partsOf(at).day,
    range: (from, until) => {
      const begin = partsOf(from)
      const first = begin.zone === partsOf(until).zone ? begin.time : `${begin.time} ${begin.zone}`
      return `${first} – ${exact(until)}`
    },
  }
}
