// The init container `folders` leaves a volume as the agent insists on it, also where the kubelet has opened it to a group.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmod, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { prepareSpool, prepareStateDirectory } from '../../agent/ledger/state-directory.ts'
import { temporaryFolder } from '../support/folder.ts'
import { containerNamed, podOf } from '../support/kubernetes/pods.ts'
import { projectFolder } from '../support/tools.ts'

const overlays = ['overlays/server/kopia-server.yaml', 'overlays/cronjob/kopia-snapshot.yaml']

for (const path of overlays) {
  test(`${path}: the agent takes the folders of its volume at the first start and at later ones`, async (context) => {
    const folder = await temporaryFolder(context)
    const [state, hooks] = [join(folder, 'state'), join(folder, 'hooks')]
    await mkdir(state)
    await mkdir(hooks)
    await chmod(state, 0o2775)
    const run = await scriptOf(path, [
      ['/opt/kopia-metrics-agent/hooks', join(projectFolder, 'hooks')],
      ['/state', state],
      ['/hooks/', `${hooks}/`],
    ])
    await run()
    await prepareFolders(state)

    // What `fsGroup` does with each folder of a volume (kubelet, pkg/volume/volume_linux.go).
    await chmod(join(state, 'agent'), 0o2770)
    await chmod(join(state, 'agent/spool'), 0o2770)
    await assert.rejects(prepareFolders(state), /others can write to/)
    await run()
    await prepareFolders(state)
    assert.deepEqual(await readdir(hooks), await readdir(join(projectFolder, 'hooks')))
  })
}

async function prepareFolders(state: string): Promise<void> {
  await prepareStateDirectory(join(state, 'agent'))
  await prepareSpool(join(state, 'agent/spool'))
}

/** Runs the command of `folders` as it is committed, with the container's paths replaced. */
async function scriptOf(path: string, places: readonly (readonly [string, string])[]) {
  const { command = [], args = [] } = containerNamed(await podOf(path), 'folders')
  const [program = '', ...parameters] = [...command, ...args]
  // All at once, because a path that was put in may have another's name in it.
  const expression = new RegExp(places.map(([from]) => `(?<![\\w-])${from}`).join('|'), 'g')
  const to = new Map(places)
  const replaced = parameters.map((text) => text.replace(expression, (from) => to.get(from) ?? from))
  return () => promisify(execFile)(program, replaced)
}
