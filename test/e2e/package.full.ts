// The npm package as a user gets it: packed, installed into an empty folder, and run.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { test } from 'node:test'
import { temporaryFolder } from '../support/folder.ts'
import { password, startGuardedGateway } from '../support/guarded-gateway.ts'
import { createLab } from '../support/lab.ts'
import { start } from '../support/processes.ts'
import { projectFolder, tool } from '../support/tools.ts'
import { bundledVersionLine } from '../support/version-line.ts'

type PackedFile = { readonly path: string }
type Packed = { readonly filename: string; readonly files: readonly PackedFile[] }

function npm(folder: string, ...parameters: readonly string[]): string {
  return execFileSync('npm', parameters, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

test('the package works when it is installed from its tarball', async (context) => {
  const folder = await temporaryFolder(context)
  const [packed]: readonly Packed[] = JSON.parse(
    npm(projectFolder, 'pack', '--json', `--pack-destination=${folder}`),
  )
  assert.ok(packed)
  const folders = new Set(packed.files.map(({ path }) => path.split('/')[0]))
  assert.deepEqual([...folders].sort(), [
    'CHANGELOG.md',
    'LICENSE',
    'README.md',
    'SECURITY.md',
    'dashboards',
    'deploy',
    'dist',
    'docs',
    'hooks',
    'package.json',
    'rules',
  ])
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  npm(folder, 'install', '--no-audit', '--no-fund', '--omit=dev', `./${packed.filename}`)
  const command = join(folder, 'node_modules/.bin/kopia-metrics-agent')
  // The command runs with the first node on PATH, which may be an old one outside of npm.
  const path = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const run = async (parameters: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const running = start('installed agent', command, parameters, {
      environment: { PATH: path, ...environment },
    })
    return { exitCode: await running.ended, output: running.output() }
  }
  assert.match((await run(['--version'])).output, bundledVersionLine())
  assert.match((await run(['--help'])).output, /^Usage: kopia-metrics-agent/)
  const lab = await createLab(context)
  const pushed = await run(['push', `--pushgateway-url=${lab.gateway.url}`], {
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
  })
  assert.deepEqual([pushed.exitCode, pushed.output], [0, ''])
  // A settings file and TLS need modules that the agent loads only then.
  const { options } = await startGuardedGateway(context)
  await writeFile(
    join(folder, 'config.yaml'),
    `pushgateway_url: ${options.url}
pushgateway_username: agent
pushgateway_password: '${password}'
pushgateway_ca_file: ${options.tls.ca}
pushgateway_cert_file: ${options.tls.certificate}
pushgateway_key_file: ${options.tls.key}
`,
  )
  const guarded = await run(['push', `--config=${join(folder, 'config.yaml')}`], {
    ...lab.kopia.environment,
    KOPIA_METRICS_STATE_DIR: lab.stateDirectory,
    KOPIA_METRICS_KOPIA_BIN: tool('kopia'),
  })
  assert.deepEqual([guarded.exitCode, guarded.output], [0, ''])
})

test('a Node that is too old is reported in one line', async (context) => {
  const folder = await temporaryFolder(context)
  npm(projectFolder, 'run', '--silent', 'build')
  // The check reads only the version that the process reports.
  const preload = join(folder, 'old.cjs')
  await writeFile(preload, "Object.defineProperty(process.versions, 'node', { value: '20.20.2' })")
  const running = start('old', process.execPath, [
    '--require',
    preload,
    join(projectFolder, 'dist/main.js'),
    'run',
  ])
  assert.equal(await running.ended, 2)
  assert.equal(running.output(), 'kopia-metrics-agent: it needs Node 22.22 or newer, and this is 20.20.2\n')
})
