// The first row: a summary of the state.

import { noneIsGood, rangeMapping, valueMapping } from '../colours.ts'
import { stat } from '../panels/stat.ts'
import { agents, alerts } from '../queries/agents.ts'
import { notInSightSeconds, repositories } from '../queries/repository.ts'
import { sources } from '../queries/sources.ts'
import { noSourceShort } from './mappings.ts'

const size = { width: 4, height: 4 } as const
const allWellMapping = valueMapping([{ value: 0, text: 'All is well', colour: 'green' }])
const day = 86_400
const noneMapping = valueMapping([{ value: 0, text: 'None', colour: 'green' }])

export const summary = [
  stat({
    ...size,
    title: 'Need Attention',
    description:
      'Sources whose last backup failed or is incomplete, and sources that are overdue or stuck. The table below ' +
      'lists them.',
    unit: 'short',
    noValue: noSourceShort,
    expression: sources.needAttention,
    steps: noneIsGood,
    mappings: [allWellMapping],
  }),
  stat({
    ...size,
    title: 'Backup Success Rate',
    description:
      'The share of successful attempts among all attempts of the selected sources in the displayed time.',
    unit: 'percentunit',
    decimals: 1,
    noValue: 'No attempt: select a longer time',
    expression: sources.successRate,
    steps: [
      { from: undefined, colour: 'red' },
      { from: 0.9, colour: 'orange' },
      { from: 0.99, colour: 'green' },
    ],
  }),
  stat({
    ...size,
    title: 'Longest Without a Backup',
    description:
      'The longest time since the last success of any source. For a source that never succeeded, the time ' +
      'starts when the agent first saw it.',
    unit: 's',
    decimals: 1,
    noValue: noSourceShort,
    expression: sources.longestWithout,
    steps: [{ from: undefined, colour: 'blue' }],
  }),
  stat({
    ...size,
    title: 'Alerts Firing',
    description:
      'The alerts in Prometheus about the selected sources and those without a source, except the watchdog.',
    unit: 'short',
    noValue: 'None, or no rules loaded',
    expression: alerts.count,
    steps: noneIsGood,
    mappings: [noneMapping],
  }),
  stat({
    ...size,
    title: 'Silent Agents',
    description:
      'Agents on always-on machines that have not pushed for three heartbeats and a quarter of an hour. The ' +
      'machine or the agent is down, and its other metrics are out of date.',
    unit: 'short',
    noValue: 'No agent yet: start one',
    expression: agents.silentCount,
    steps: noneIsGood,
    mappings: [noneMapping],
  }),
  stat({
    ...size,
    title: 'Repository Full In',
    description: 'The time until the first repository has no space left, at the rate of the displayed time.',
    unit: 's',
    decimals: 1,
    noValue: 'Not known yet',
    expression: repositories.fullIn,
    steps: [
      { from: undefined, colour: 'red' },
      { from: 14 * day, colour: 'orange' },
      { from: 60 * day, colour: 'green' },
    ],
    mappings: [rangeMapping(notInSightSeconds, 'Not in sight', 'green')],
  }),
] as const
