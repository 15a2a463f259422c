/** Returns a function that runs tasks one at a time, in the order of the calls; a task that fails does not stop the next. */
export function createQueue(): <T>(task: () => Promise<T> | T) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = last.then(task)
    last = result.catch(() => undefined)
    return result
  }
}
