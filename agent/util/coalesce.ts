/**
 * Returns a function that runs `task`, never twice at the same time. Any number of calls during a run cause one more run.
 * Each call's promise settles with a run that began after the call, so it has seen everything that was there before.
 */
export function coalesce(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined
  let next: Promise<void> | undefined

  function begin(): Promise<void> {
    next = undefined
    running = task().finally(() => {
      running = undefined
    })
    return running
  }

  return () => {
    if (running === undefined) return begin()
    next ??= running.then(begin, begin)
    return next
  }
}
