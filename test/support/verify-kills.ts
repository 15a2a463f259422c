// Kills `verify` at random moments, and looks at what the next start finds.

import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { readVerifications } from '../../agent/ledger/verification-files.ts'
import { runAgentCommand, settingsOf } from './agent-command.ts'
import type { Cleanable } from './cleanup.ts'
import { cleanUpAfter } from './cleanup.ts'
import { kopiaProcessesOf } from './held-kopia.ts'
import type { Lab } from './lab.ts'
import { start } from './processes.ts'
import { agentEntry } from './stack.ts'
import { leftovers, proofOf, verdictOf, verify } from './verifying.ts'
import { waitFor } from './wait.ts'

type Kills = { readonly count: number; readonly random: () => number }

/** Kills so often at moments between the start and its usual end. Resolves with how often it was not yet over. */
export async function surviveVerifyKills(
  context: Cleanable,
  lab: Lab,
  path: string,
  { count, random }: Kills,
): Promise<number> {
  const begunAt = Date.now()
  assert.deepEqual(verdictOf(await verify(lab)), [0, 'proven'])
  const usualMs = Date.now() - begunAt
  let killed = 0
  for (let index = 0; index < count; index += 1) {
    const running = start('verify', process.execPath, [agentEntry, 'verify'], {
      environment: settingsOf(lab),
    })
    cleanUpAfter(context, () => running.stop('SIGKILL'))
    await sleep(random() * usualMs)
    if ((await running.stop('SIGKILL')) === 'SIGKILL') killed += 1
    await waitFor('no Kopia goes on', () => (kopiaProcessesOf(lab).length === 0 ? true : undefined))
    const { files, broken } = await readVerifications(lab.stateDirectory)
    assert.deepEqual([files.length, broken], [1, []])
  }
  const [result] = (await readVerifications(lab.stateDirectory)).files
  const attemptAt = async () => (await proofOf(lab.gateway, path)).last_attempt_timestamp_seconds
  for (let times = 0; times < 2; times += 1) {
    const push = await runAgentCommand(lab, 'push')
    assert.equal(push.exitCode, 0, push.output)
    assert.deepEqual([await leftovers(lab), await namesOfResults(lab)], [[], []])
    assert.equal(await attemptAt(), result?.verification.endedAt)
  }
  return killed
}

const namesOfResults = (lab: Lab) => readdir(join(lab.stateDirectory, 'verify', 'results'))
