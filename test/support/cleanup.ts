// What a test started is ended in reverse order, all of it, also where one ending fails.

import type { TestContext } from 'node:test'

export type Cleanable = Pick<TestContext, 'after'>

type Task = () => unknown

const tasksOf = new WeakMap<Cleanable, Task[]>()

/**
 * Runs `task` after the test, before everything that was registered earlier. node:test itself runs its `after`
 * hooks in order of registration and skips the rest when one throws: folders would go before the processes in them.
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
