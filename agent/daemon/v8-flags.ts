// What the agent asks of V8: to be small while it waits, and fast where there is much to do (figures: test/bench/README.md).

import { setFlagsFromString } from 'node:v8'

/**
 * To be called before anything else is loaded. V8 makes room for new objects 16 times as large after a burst of work, and
 * keeps it: with 10,000 sources that is 70 MiB. Its optimising compiler is 6 MiB of an idle agent.
 */
export function limitMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--no-opt')
}

/** For work that the optimising compiler is worth its memory for. */
export function enableOptimizer(): void {
  setFlagsFromString('--opt')
}
