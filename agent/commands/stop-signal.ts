// The signal that stops `run`. It is caught before anything else is loaded: a job may end before its agent has started.

/** Resolves with the first SIGTERM or SIGINT. A second one ends the process at once: its sender does not want to wait. */
export function nextStopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (isStopping) process.exit(1)
        isStopping = true
        resolve(signal)
      })
    }
  })
}
