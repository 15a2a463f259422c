// `verify` is killed 50 times at random moments: nothing of it is left, and no result counts twice.

import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createLab } from '../support/lab.ts'
import { createRandom } from '../support/random.ts'
import { surviveVerifyKills } from '../support/verify-kills.ts'

test('killed 50 times', async (context) => {
  const lab = await createLab(context)
  const path = await lab.makeSource('photos')
  await writeFile(join(path, 'random'), randomBytes(100_000))
  await lab.kopia.must('snapshot', 'create', path)
  const killed = await surviveVerifyKills(context, lab, path, { count: 50, random: createRandom(50) })
  context.diagnostic(`killed ${killed} times before its end`)
})
