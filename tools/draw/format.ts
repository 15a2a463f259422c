// Formats numbers in the units of the dashboards, similar to Grafana.

type Format = (value: number, decimals: number | undefined, nowSeconds: number) => string

const fixed = (value: number, decimals: number) => String(Number(value.toFixed(decimals)))

function scaled(steps: readonly (readonly [from: number, unit: string])[]): Format {
  return (value, decimals) => {
    const [divisor, unit] = steps.findLast(([from]) => Math.abs(value) >= from) ?? steps[0] ?? [1, '']
    const number = value / divisor
    return `${fixed(number, decimals ?? (Math.abs(number) < 10 ? 2 : Math.abs(number) < 100 ? 1 : 0))}${unit}`
  }
}

const binary = (suffix: string) =>
  scaled(
    ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'].map(
      (prefix, power) => [1024 ** power, ` ${prefix}${suffix}`] as const,
    ),
  )

const durations = scaled([
  [0.001, ' ms'],
  [1, ' s'],
  [60, ' mins'],
  [3600, ' hours'],
  [86_400, ' days'],
  [31_557_600, ' years'],
])

const steps: readonly (readonly [seconds: number, unit: Intl.RelativeTimeFormatUnit])[] = [
  [1, 'second'],
  [60, 'minute'],
  [3600, 'hour'],
  [86_400, 'day'],
  [2_629_800, 'month'],
  [31_557_600, 'year'],
]

/** Formats Unix milliseconds as "5 minutes ago". */
const fromNow: Format = (value, _, nowSeconds) => {
  const seconds = value / 1000 - nowSeconds
  const [size, unit] = steps.findLast(([from]) => Math.abs(seconds) >= from) ?? [1, 'second']
  return new Intl.RelativeTimeFormat('en').format(Math.round(seconds / size), unit)
}

const formats: Readonly<Record<string, Format>> = {
  short: scaled([
    [1, ''],
    [1000, ' K'],
    [1_000_000, ' Mil'],
  ]),
  locale: (value) => value.toLocaleString('en'),
  percentunit: (value, decimals = 1) => `${fixed(value * 100, decimals)}%`,
  bytes: binary('B'),
  binBps: binary('B/s'),
  s: (value, decimals, now) => (value === 0 ? '0 s' : durations(value, decimals, now)),
  dateTimeFromNow: fromNow,
}

/** Formats a value in a Grafana unit. Throws for a unit that is not supported here. */
export function format(
  value: number,
  unit: string,
  decimals: number | undefined,
  nowSeconds: number,
): string {
  const write = formats[unit]
  if (write === undefined) throw new Error(`unknown unit ${unit}: add it to tools/draw/format.ts`)
  return write(value, decimals, nowSeconds)
}
