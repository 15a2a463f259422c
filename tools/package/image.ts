// Creates the contents of the image for deploy/Containerfile: the agent and the stack's setup, each as one bundle, the link to
// the command, and empty folders.

import { copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle, licencesOf } from '../bundle.ts'

process.chdir(fileURLToPath(new URL('../..', import.meta.url)))
const image = 'build/image'
const folders = 'build/folders'

await rm(image, { recursive: true, force: true })
await rm(folders, { recursive: true, force: true })
const libraries = [
  ...(await bundle('agent/main.ts', join(image, 'dist'))),
  ...(await bundle('deploy/setup/main.ts', join(image, 'setup'))),
]
const { version }: { version: string } = JSON.parse(await readFile('package.json', 'utf8'))
const manifest = { name: 'kopia-metrics-agent', version, type: 'module', license: 'Apache-2.0' }
await writeFile(join(image, 'package.json'), `${JSON.stringify(manifest)}\n`)
await writeFile(join(image, 'LICENCES'), await licencesOf([...new Set(libraries)].sort()))
await copyFile('LICENSE', join(image, 'LICENSE'))
await cp('hooks', join(image, 'hooks'), { recursive: true })
await mkdir(join(folders, 'bin'), { recursive: true })
await symlink('/opt/kopia-metrics-agent/dist/main.js', join(folders, 'bin/kopia-metrics-agent'))
await mkdir(join(folders, 'app'), { recursive: true })
for (const folder of ['app/config', 'app/logs', 'app/cache', 'state', 'state/spool']) {
  await mkdir(join(folders, folder), { mode: 0o700 })
}
