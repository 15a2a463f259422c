// Samples to the text that Prometheus and its Pushgateway read.

import { inPieces } from '../pieces.ts'
import { catalogue, type MetricName } from './catalogue.ts'
import type { Labels, SampleGroup } from './sample-group.ts'

export const contentType = 'text/plain; version=0.0.4; charset=utf-8'

/** So many lines are joined at once: fewer are more calls, more are texts that each collection of the garbage copies. */
const linesAtOnce = 128

/**
 * The text exposition format, version 0.0.4, in pieces that are made as they are taken. The groups of a metric come
 * together. Written here, not by prom-client's Registry, which needs 10 times the CPU and holds every series once more.
 */
export function toText(groups: Iterable<SampleGroup>): Generator<string> {
  return inPieces(textsOf(groups))
}

function* textsOf(groups: Iterable<SampleGroup>): Generator<string> {
  const writtenOf = createWriter()
  let last: MetricName | undefined
  for (const group of groups) {
    if (!group.values.some((value) => value !== undefined)) continue
    if (group.name !== last) yield headOf(group.name)
    last = group.name
    yield* linesOf(group, writtenOf(group.subjects))
  }
}

function headOf(name: MetricName): string {
  const { help, type } = catalogue[name]
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

/** Writes the labels of subjects; all groups of the sources have the same, so they are kept while the picture is made. */
function createWriter(): (subjects: readonly Labels[]) => readonly string[] {
  const written = new Map<readonly Labels[], readonly string[]>()
  return (subjects) => {
    const texts = written.get(subjects) ?? subjects.map(labelPairs)
    written.set(subjects, texts)
    return texts
  }
}

function* linesOf({ name, more, values }: SampleGroup, written: readonly string[]): Generator<string> {
  const before = `${name}{`
  const after = more === undefined ? '} ' : `,${labelPairs(more)}} `
  const lineOf = (value: number | undefined, labels: string | undefined) => {
    if (value === undefined) return ''
    return labels ? `${before}${labels}${after}${value}\n` : `${name} ${value}\n`
  }
  for (let begin = 0; begin < values.length; begin += linesAtOnce) {
    const some = values.slice(begin, begin + linesAtOnce)
    yield some.map((value, index) => lineOf(value, written[begin + index])).join('')
  }
}

function labelPairs(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`)
  return pairs.join(',')
}

const special = /[\\\n"]/g
const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '"': '\\"' }

/** https://prometheus.io/docs/instrumenting/exposition_formats/#comments-help-text-and-type-information */
function escaped(value: string): string {
  return value.replace(special, (character) => escapes[character] ?? character)
}
