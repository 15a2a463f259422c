// Whether those who watch are well themselves.

import { property } from '../panel.ts'
import { table } from '../panels/table.ts'
import { agents } from '../queries/agents.ts'
import { noAgent, reachableWords } from './words.ts'

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
    'Each agent: when it last pushed, whether the repository answered it, and what went wrong in the ' +
    'time shown; the longest silent first.',
  unit: 'short',
  noValue: noAgent,
  width: 24,
  height: 6,
  labels: { site: 'Site', instance: 'Machine', version: 'Version' },
  hidden: [],
  sortBy: 'Last push',
  order: 'ascending',
  columns: [
    // It is there for its label alone.
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
      noValue: 'not asked yet',
      properties: [property('mappings', [reachableWords]), colouredText],
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
