// Cleans up after a test in reverse order, and goes on when a task fails.

import type { TestContext } from 'node:test'

export type Cleanable = Pick<TestContext, 'after'>

type Task = () => unknown

const tasksOf = new WeakMap<Cleanable, Task[]>()

/**
 * Runs `task` after the test, before all tasks that were registered earlier. node:test runs its own `after` hooks in
 * order of registration and stops at the first error, so folders would be removed before the processes that use them stop.
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
