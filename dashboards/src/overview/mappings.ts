// The texts of states and results, and the texts that are shown without data.

import { textMapping, valueMapping } from '../colours.ts'
import { noProof } from '../queries/proofs.ts'
import { results } from '../queries/repository.ts'
import { states } from '../queries/sources.ts'

export const noSource =
  'No source yet: start kopia-metrics-agent on the machine that runs Kopia, point it at the Pushgateway ' +
  'that Prometheus scrapes, and run a backup.'
export const noSourceShort = 'No source yet: start the agent'
export const noAgent =
  'No agent reports yet: start kopia-metrics-agent with --pushgateway-url, and let Prometheus scrape that ' +
  'gateway with honor_labels.'

export const stateMapping = valueMapping([
  { value: states.failed, text: 'Failed', colour: 'red' },
  { value: states.incomplete, text: 'Incomplete', colour: 'orange' },
  { value: states.overdue, text: 'Overdue', colour: 'orange' },
  { value: states.stuck, text: 'Stuck', colour: 'orange' },
  { value: states.unknown, text: 'No backup yet', colour: 'yellow' },
  { value: states.away, text: 'Away', colour: 'purple' },
  { value: states.running, text: 'Running', colour: 'blue' },
  { value: states.good, text: 'Good', colour: 'green' },
])

/** Where a deadline is known from, by the label `origin`. */
export const originMapping = textMapping({
  policy: "Kopia's policy",
  configured: 'setting',
  learned: 'past backups',
  assumed: 'nothing known',
  never: 'no success yet',
})

export const proofMapping = valueMapping([
  { value: noProof.unreadable, text: 'Unreadable', colour: 'red' },
  { value: noProof.never, text: '–', colour: 'text' },
])

export const resultMapping = valueMapping([
  { value: results.failed, text: 'Failed', colour: 'red' },
  { value: results.late, text: 'Late', colour: 'orange' },
  { value: results.never, text: 'Never done', colour: 'yellow' },
  { value: results.good, text: 'Good', colour: 'green' },
])

export const reachableMapping = valueMapping([
  { value: 0, text: 'No', colour: 'red' },
  { value: 1, text: 'Yes', colour: 'green' },
  { value: 2, text: 'Another one', colour: 'red' },
])
