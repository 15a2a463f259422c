// Cleans up after a test: all tasks run in reverse order, even if one fails.

import type { TestContext } from 'node:test'

export type Cleanable = Pick<TestContext, 'after'>

type Task = () => unknown

const tasksOf = new WeakMap<Cleanable, Task[]>()

/**
 * Runs `task` after the test, before all tasks that were registered earlier. The `after` hooks of node:test run in order of
 * registration and stop when one throws, so folders would be removed before the processes that use them end.
 */
export function cleanUpAfter(context: Cleanable, task: Task): void {
  const tasks = tasksOf.get(context) ?? []
  if (tasks.length === 0) {
    tasksOf.set(context, tasks)
    context.after(() => cleanUp(tasks))
  }
  tasks.push(task)
}

async function cleanUp(tasks: Task[]): Promise<void> {
  const faults: unknown[] = []
  for (const task of tasks.reverse()) {
    try {
      await task()
    } catch (fault) {
      faults.push(fault)
    }
  }
  if (faults.length > 0) throw new AggregateError(faults, `cleaning up: ${faults.join('; ')}`)
}
