// From what the program was built: a bundle has it put in, sources have not.

/** Set by tools/bundle.ts, and not declared where the sources run. */
declare const BUILD: string

/**
 * The version in one line, for people and scripts: name and version are its first two words. `build` is the commit, or `unknown`
 * where nobody named it.
 */
export function versionLine(version: string, node: NodeJS.Process = process): string {
  const build = typeof BUILD === 'undefined' ? 'run from sources' : `build ${BUILD}`
  return `kopia-metrics-agent ${version} (${build}, Node ${node.version}, ${node.platform} ${node.arch})`
}
