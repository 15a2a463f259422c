// Metrics texts of very many agents for little CPU: two are made with the agent's own code, the others differ in name and time.

import { simulate } from './simulated-agent.ts'

/** The times of the text itself, which differ in each push. */
const timeLines = /^(kopia_agent_metrics_(?:deadline_)?timestamp_seconds) (.*)$/gm
const timeMarks = /@([\d.]+)@/g

/** The text of an agent of this name, made at a time in Unix seconds. */
export type Template = (instance: string, seconds: number) => string

/** The templates of an agent whose repository is on a file system (number 0), and of the others (number 1). */
export async function templates(nowSeconds: number): Promise<(number: number) => Template> {
  const [first, other] = await Promise.all([templateOf(0, nowSeconds), templateOf(1, nowSeconds)])
  return (number) => (number % 10 === 0 ? first : other)
}

/** The template of one agent, as it is at this time. */
export async function templateOf(number: number, seconds: number): Promise<Template> {
  const { instance, metricsText } = await simulate(number, seconds, 'nobody')
  const text = metricsText
    .join('')
    .replace(timeLines, (_, metric: string, value: string) => `${metric} @${Number(value) - seconds}@`)
  const parts = text.split(instance)
  if (parts.length < 2 || text.match(timeMarks)?.length !== 2) {
    throw new Error('expected a text with the name, and two times')
  }
  return (name, at) => parts.join(name).replace(timeMarks, (_, later: string) => String(at + Number(later)))
}
