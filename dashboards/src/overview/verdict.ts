// The first row: is all well?

import { noneIsGood, words, wordsFrom } from '../colours.ts'
import { stat } from '../panels/stat.ts'
import { agents, alerts } from '../queries/agents.ts'
import { notInSightSeconds, repositories } from '../queries/repository.ts'
import { sources } from '../queries/sources.ts'
import { noSourceShort } from './words.ts'

const place = { width: 4, height: 4 } as const
const allWell = words([{ value: 0, text: 'All is well', colour: 'green' }])
const day = 86_400
const none = words([{ value: 0, text: 'None', colour: 'green' }])

export const verdict = [
  stat({
    ...place,
    title: 'Need Attention',
    description:
      'Sources whose last backup failed or was cut short, and sources that are overdue. The table below ' +
      'names them.',
    unit: 'short',
    noValue: noSourceShort,
    expression: sources.needAttention,
    steps: noneIsGood,
    mappings: [allWell],
  }),
  stat({
    ...place,
    title: 'Backup Success Rate',
    description:
      'Share of the attempts in the time shown that made a complete backup, of all chosen sources.',
    unit: 'percentunit',
    decimals: 1,
    noValue: 'No attempt: choose a longer time',
    expression: sources.successRate,
    steps: [
      { from: undefined, colour: 'red' },
      { from: 0.9, colour: 'orange' },
      { from: 0.99, colour: 'green' },
    ],
  }),
  stat({
    ...place,
    title: 'Longest Without a Backup',
    description:
      'Time since the last success of the source that has waited longest; a source that never succeeded ' +
      'counts from when the agent first saw it.',
    unit: 's',
    decimals: 1,
    noValue: noSourceShort,
    expression: sources.longestWithout,
    steps: [{ from: undefined, colour: 'blue' }],
  }),
  stat({
    ...place,
    title: 'Alerts Firing',
    description:
      "Prometheus's alerts about the chosen sources and about no source in particular, without the watchdog.",
    unit: 'short',
    noValue: 'None, or no rules loaded',
    expression: alerts.count,
    steps: noneIsGood,
    mappings: [none],
  }),
  stat({
    ...place,
    title: 'Silent Agents',
    description:
      'Agents on machines that are always on which missed three heartbeats and a quarter of an hour: ' +
      'the machine or the agent is gone, and its other figures are old.',
    unit: 'short',
    noValue: 'No agent yet: start one',
    expression: agents.silentCount,
    steps: noneIsGood,
    mappings: [none],
  }),
  stat({
    ...place,
    title: 'Repository Full In',
    description:
      'When the first of the repositories will have no room left, if it goes on as in the time shown.',
    unit: 's',
    decimals: 1,
    noValue: 'Not known yet',
    expression: repositories.fullIn,
    steps: [
      { from: undefined, colour: 'red' },
      { from: 14 * day, colour: 'orange' },
      { from: 60 * day, colour: 'green' },
    ],
    mappings: [wordsFrom(notInSightSeconds, 'Not in sight', 'green')],
  }),
] as const
