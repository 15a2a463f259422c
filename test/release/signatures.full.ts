// npm's registry signs what it serves: the libraries in node_modules are those that were published. Skipped, with the reason, where
// the keys for it cannot be fetched.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { projectFolder } from '../support/tools.ts'

/** npm's words for a host that it does not reach, and for a registry that has no keys, such as a mirror. */
const unreachable =
  /request to (\S+) failed, reason: .*(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)/
const keyless = /found no dependencies to audit that were installed from a supported registry/

/** Why nothing could be verified, or undefined if npm has verified signatures, or found something. */
function reasonToSkip(output: string): string | undefined {
  const [, address] = unreachable.exec(output) ?? []
  if (address !== undefined)
    return `npm cannot fetch the keys for the signatures here: ${address} is not reached`
  return keyless.test(output) ? 'the npm registry that is used here has no keys for signatures' : undefined
}

test('every installed library has a valid signature of the registry', (context) => {
  const { status, stdout, stderr } = spawnSync('npm', ['audit', 'signatures', '--fetch-retries=0'], {
    cwd: projectFolder,
    encoding: 'utf8',
  })
  const output = `${stdout}${stderr}`
  const reason = reasonToSkip(output)
  if (reason !== undefined) {
    context.skip(reason)
    return
  }
  assert.equal(status, 0, output)
  assert.match(stdout, /^\d+ packages have verified registry signatures$/m)
})
