// The plan in words.

import { visible } from '../util/visible.ts'
import type { Asked } from './facts.ts'
import type { Plan, Step } from './plan-types.ts'

/** One line, without what a file holds. */
export function stepWords(step: Step): string {
  switch (step.kind) {
    case 'make folder':
      return `create the folder ${step.path} for ${step.owner.name}`
    case 'create file':
      return `write ${step.path}`
    case 'append':
      return `add to ${step.path}, which sets nothing yet`
    case 'create secret':
      return `write ${step.path} (mode 600) with ${step.holds}`
    case 'install hooks':
      return `install the hooks for ${step.sources.join(' ')}: Kopia writes no logs of their backups`
    case 'start':
      return step.how === 'enable'
        ? `enable and start ${step.unit}${ofUser(step)}`
        : `restart ${step.unit}${ofUser(step)}, whose settings changed`
  }
}

function ofUser({ manager }: Step & { readonly kind: 'start' }): string {
  return manager === 'user' ? ' (of your own systemd)' : ''
}

/** All steps, with what each file will hold. */
export function planText({ steps, kept }: Pick<Plan, 'steps' | 'kept'>): string {
  const lines = steps.flatMap((step) => [`- ${stepWords(step)}`, ...contentOf(step)])
  return visibleLines([...kept.map((words) => `= ${words}: it stays as it is`), ...lines])
}

function contentOf(step: Step): readonly string[] {
  const text = step.kind === 'create file' ? step.text : step.kind === 'append' ? step.addition : ''
  return text
    .trim()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `    ${line}`)
}

/** What Kopia is here, a line for each repository. */
export function repositoryWords({ repository, answer }: Asked): string {
  const { configPath, owner, startedBy, logDirectory, hasBackupLogs } = repository
  const by = startedBy === 'KopiaUI' ? ', of KopiaUI' : ''
  const logs = `${hasBackupLogs ? 'logs' : 'no logs of backups yet'} in ${logDirectory}`
  return visible(`${configPath} of ${owner.name}${by}: ${answerWords(answer)}; ${logs}`)
}

function answerWords(answer: Asked['answer']): string {
  switch (answer.kind) {
    case 'open':
      return `backs up as ${answer.user}@${answer.host}${passwordWords(answer.password.kind)}`
    case 'no password':
      return 'Kopia does not store its password'
    case 'wrong password':
      return 'the password does not open it'
    case 'silent':
      return answer.reason
  }
}

function passwordWords(kind: 'stored by Kopia' | 'kept' | 'given'): string {
  return kind === 'stored by Kopia'
    ? ''
    : kind === 'kept'
      ? ', with the password that the agent has'
      : ', with the password given'
}

/** Names of files can hold control characters; the newlines between lines stay. */
function visibleLines(lines: readonly string[]): string {
  return lines.map(visible).join('\n')
}
