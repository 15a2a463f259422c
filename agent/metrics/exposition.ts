// Samples to the text that Prometheus and its Pushgateway read.

import { inPieces } from '../pieces.ts'
import { catalogue, type MetricName } from './catalogue.ts'
import type { Sample } from './sample.ts'

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/**
 * The text exposition format, version 0.0.4, in pieces that are made as they are taken. The samples of a metric come
 * together. Written here, not by prom-client's Registry, which needs 5 times the CPU and holds every series once more.
 */
export function toText(samples: Iterable<Sample>): Generator<string> {
  return inPieces(linesOf(samples))
}

function* linesOf(samples: Iterable<Sample>): Generator<string> {
  const labelPairs = createLabelPairs()
  let last: Pick<Sample, 'name' | 'more'> | undefined
  let afterLabels = ''
  for (const sample of samples) {
    const { name, more, value } = sample
    if (name !== last?.name) yield headOf(name)
    if (more !== last?.more) afterLabels = more === undefined ? '' : `,${labelPairs(more)}`
    last = sample
    const labels = labelPairs(sample.labels)
    yield labels === '' ? `${name} ${value}\n` : `${name}{${labels}${afterLabels}} ${value}\n`
  }
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
