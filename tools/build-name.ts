// Names what a bundle is built from, for `kopia-metrics-agent --version`: the same sources get the same name.

import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** As many digits of a commit as git shows. */
const digits = 7

/**
 * The commit that BUILD_COMMIT names, else that of the checkout in `folder`, with `-modified` where its files differ from the
 * commit. Where neither is there, as in the build of an image: `unknown`. Throws where BUILD_COMMIT is no commit.
 */
export function buildName(folder: string, environment: NodeJS.ProcessEnv): string {
  const named = environment.BUILD_COMMIT ?? ''
  if (!/^([0-9a-f]{7,64}(-modified)?)?$/.test(named)) {
    throw new Error(`BUILD_COMMIT: expected a commit in hexadecimal digits, found "${named}"`)
  }
  if (named !== '') return named.replace(/^([0-9a-f]{7})[0-9a-f]*/, '$1')
  // Without a `.git` of its own, git would name the commit of a checkout around the folder.
  return existsSync(join(folder, '.git')) ? commitOf(folder) : 'unknown'
}

/** Git's own message says why it cannot tell. */
function commitOf(folder: string): string {
  const git = (...parameters: readonly string[]) =>
    execFileSync('git', ['--no-optional-locks', '-C', folder, ...parameters], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    })
  try {
    const commit = git('rev-parse', 'HEAD').slice(0, digits)
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}-modified`
  } catch (error) {
    process.stderr.write(`The build has no name, since git does not tell the commit: ${error}\n`)
    return 'unknown'
  }
}
