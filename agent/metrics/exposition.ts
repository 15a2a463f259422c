// Samples to the text that Prometheus and its Pushgateway read.

import { catalogue, type MetricName } from './catalogue.ts'
import type { Sample } from './sample.ts'

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** Some 16 KiB. Longer ones are copied by the garbage collector, shorter ones are many writes. */
const textsPerPiece = 800

/**
 * The text exposition format, version 0.0.4, in pieces that are made as they are taken. The samples of a metric come
 * together. Written here, not by prom-client's Registry, which needs 5 times the CPU and holds every series once more.
 */
export function* toText(samples: Iterable<Sample>): Generator<string> {
  const labelPairs = createLabelPairs()
  let last: Pick<Sample, 'name' | 'more'> | undefined
  let afterLabels = ''
  let texts: string[] = []
  for (const sample of samples) {
    if (sample.name !== last?.name) texts.push(headOf(sample.name))
    if (sample.more !== last?.more)
      afterLabels = sample.more === undefined ? '' : `,${labelPairs(sample.more)}`
    last = sample
    const labels = labelPairs(sample.labels)
    if (labels === '') texts.push(sample.name, ' ', String(sample.value), '\n')
    else texts.push(sample.name, '{', labels, afterLabels, '} ', String(sample.value), '\n')
    if (texts.length < textsPerPiece) continue
    yield texts.join('')
    texts = []
  }
  if (texts.length > 0) yield texts.join('')
}

function headOf(name: MetricName): string {
  const { help, type } = catalogue[name]
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

/** Writes labels; those of a source stand in 28 samples, so what was written once is kept as long as the picture is made. */
function createLabelPairs(): (labels: Sample['labels']) => string {
  const written = new Map<Sample['labels'], string>()
  return (labels) => {
    const known = written.get(labels)
    if (known !== undefined) return known
    const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
    const text = pairs.join(',')
    written.set(labels, text)
    return text
  }
}

const special = /[\\\n"]/g
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

/** https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information */
function escaped(value: string): string {
  return value.replace(special, (character) => escapes[character] ?? character)
}
