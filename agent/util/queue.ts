/** A function that runs tasks one after the other, in the order of the calls; a failed one does not stop the next. */
export function createQueue(): <T>(task: () => Promise<T> | T) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const result = last.then(task)
    last = result.catch(() => undefined)
    return result
  }
}
