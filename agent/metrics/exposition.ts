// Samples to the text that Prometheus and its Pushgateway read.

import { inPieces } from '../pieces.ts'
import { catalogue, type MetricName } from './catalogue.ts'
import type { Sample } from './samples.ts'

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
  let lastName: MetricName | undefined
  for (const { name, labels, more, value } of samples) {
    if (name !== lastName) yield headOf(name)
    lastName = name
    const pairs = more === undefined ? labelPairs(labels) : `${labelPairs(labels)},${labelPairs(more)}`
    yield pairs === '' ? `${name} ${value}\n` : `${name}{${pairs}} ${value}\n`
  }
}

function headOf(name: MetricName): string {
  const { help, type } = catalogue[name]
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

/** Writes labels; those of a source stand in 25 samples, so what was written once is kept as long as the labels are. */
function createLabelPairs(): (labels: Sample['labels']) => string {
  const written = new WeakMap<Sample['labels'], string>()
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
