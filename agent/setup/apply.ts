// Does the steps of a plan, one after the other, and stops at the first that fails.

import { lchown, mkdir, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { firstLine } from '../util/error-text.ts'
import type { Person } from './facts.ts'
import type { PlannedAgent, Step } from './plan-types.ts'
import { systemctl } from './systemctl.ts'
import { timerUnit } from './units.ts'

export type Applied =
  | { readonly kind: 'done' }
  | {
      readonly kind: 'failed'
      readonly done: readonly Step[]
      readonly step: Step
      readonly reason: string
      readonly left: readonly Step[]
    }

export type Tools = {
  readonly self: Person
  /** Installs the hooks for sources, with the settings of the agent; throws where that fails. */
  readonly installHooks: (agent: PlannedAgent, sources: readonly string[]) => Promise<void>
  readonly onStep: (step: Step) => void
}

/** Nothing that exists is overwritten: a file that appeared meanwhile is a failure. */
export async function applySteps(steps: readonly Step[], tools: Tools): Promise<Applied> {
  for (const [index, step] of steps.entries()) {
    tools.onStep(step)
    try {
      await apply(step, tools)
    } catch (error) {
      const [done, left] = [steps.slice(0, index), steps.slice(index + 1)]
      return { kind: 'failed', done, step, reason: firstLine(error), left }
    }
  }
  return { kind: 'done' }
}

async function apply(step: Step, { self, installHooks }: Tools): Promise<void> {
  switch (step.kind) {
    case 'make folder':
      await makeFolder(dirname(step.path), self.userId === 0 ? 0o755 : 0o700)
      await mkdir(step.path, { mode: 0o700 })
      // The folder above can be somebody's own, who could put a link there meanwhile.
      if (step.owner.userId !== self.userId) await lchown(step.path, step.owner.userId, step.owner.groupId)
      return
    case 'create file':
      await makeFolder(dirname(step.path), self.userId === 0 ? 0o755 : 0o700)
      return create(step.path, step.text, step.mode, self)
    case 'create secret':
      // The folder can be that of the configuration, which its owner must reach.
      await makeFolder(dirname(step.path), step.owner.userId === self.userId ? 0o700 : 0o755)
      return create(step.path, step.text, 0o600, step.owner)
    case 'append':
      return append(step.path, step.before, step.addition)
    case 'install hooks':
      return installHooks(step.agent, step.sources)
    case 'start':
      return startUnit(step)
  }
}

async function makeFolder(path: string, mode: number): Promise<void> {
  await mkdir(path, { recursive: true, mode })
}

/** Owner and mode are set by the open file, whatever the umask is and whatever appears at the path. A file of half its text does not stay. */
async function create(path: string, text: string, mode: number, owner: Person): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    if (owner.userId !== process.getuid?.()) await file.chown(owner.userId, owner.groupId)
    await file.writeFile(text)
    await file.chmod(mode)
  } catch (error) {
    await rm(path, { force: true })
    throw error
  } finally {
    await file.close()
  }
}

async function append(path: string, before: string, addition: string): Promise<void> {
  if ((await readFile(path, 'utf8')) !== before) throw new Error(`${path} was changed meanwhile`)
  const separator = before === '' || before.endsWith('\n') ? '' : '\n'
  try {
    await writeFile(path, separator + addition, { flag: 'a' })
  } catch (error) {
    // Half the lines would make it a file that is in use.
    await truncate(path, Buffer.byteLength(before))
    throw error
  }
}

/** Resolves when the agent is ready, since the units are of Type=notify. The service of a timer pushes once, now. */
async function startUnit({ manager, unit, how }: Step & { readonly kind: 'start' }): Promise<void> {
  const scope = manager === 'user' ? ['--user'] : []
  await systemctl([...scope, 'daemon-reload'])
  await systemctl([...scope, ...(how === 'enable' ? ['enable', '--now'] : ['restart']), unit])
  if (unit === timerUnit) await systemctl([...scope, 'start', unit.replace('.timer', '.service')])
}
