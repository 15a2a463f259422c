// The state of the agents themselves.

import { property } from '../panel.ts'
import { table } from '../panels/table.ts'
import { agents } from '../queries/agents.ts'
import { noAgent, reachableMapping } from './mappings.ts'

const colouredText = property('custom.cellOptions', { type: 'color-text' })
const noneIsGood = property('thresholds', {
  mode: 'absolute',
  steps: [
    { value: null, color: 'green' },
    { value: 0.5, color: 'red' },
  ],
})

export const agentHealth = table({
  title: 'Agent Health',
  description:
    'For each agent: its last push, whether it reaches the repository, backups that it could not see or tell apart, ' +
    'and its failures in the displayed time. The agent that has been silent longest comes first.',
  unit: 'short',
  noValue: noAgent,
  width: 24,
  height: 6,
  labels: { site: 'Site', instance: 'Machine', version: 'Version' },
  hidden: [],
  sortBy: 'Last push',
  order: 'ascending',
  columns: [
    // This hidden column only adds the label `version`.
    {
      name: 'Up',
      expression: agents.version,
      unit: 'short',
      noValue: '–',
      properties: [property('custom.hidden', true)],
    },
    {
      name: 'Last push',
      expression: `1000 * ${agents.pushed}`,
      unit: 'dateTimeFromNow',
      noValue: 'scraped, not pushed',
    },
    {
      name: 'Repository answers',
      expression: agents.repositoryReachable,
      unit: 'short',
      noValue: 'not queried yet',
      properties: [property('mappings', [reachableMapping]), colouredText],
    },
    {
      name: 'Unseen backups',
      expression: agents.unseen,
      unit: 'short',
      noValue: '–',
      properties: [colouredText, noneIsGood, property('decimals', 0)],
    },
    {
      name: 'Failed pushes',
      expression: agents.pushFailures,
      unit: 'short',
      noValue: '–',
      properties: [colouredText, noneIsGood, property('decimals', 0)],
    },
    {
      name: 'Failed calls of Kopia',
      expression: agents.failedCalls,
      unit: 'short',
      noValue: '0',
      properties: [colouredText, noneIsGood, property('decimals', 0)],
    },
  ],
})
