// A program and its libraries as one bundle, and the licences of all that is in it.

import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, type Plugin } from 'esbuild'

const projectFolder = fileURLToPath(new URL('..', import.meta.url))

/** Libraries that are CommonJS ask for Node's modules by `require`, which a module does not have. */
const requireForCommonJs =
  "import { createRequire as createRequire_ } from 'node:module'; const require = createRequire_(import.meta.url);"

/** What takes the place of a library's library; what it brings is measured by `npm run bench -- idle`. */
const replacements: Readonly<Record<string, string>> = {
  // Node's own streams, once more: winston's.
  'readable-stream': "module.exports = require('node:stream')",
  'readable-stream/lib/_stream_writable.js': "module.exports = require('node:stream').Writable",
}

const replacing: Plugin = {
  name: 'replacing',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^[^./]/ }, ({ path }) =>
      Object.hasOwn(replacements, path) ? { path, namespace: 'replacement' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'replacement' }, ({ path }) => ({
      contents: replacements[path] ?? '',
      resolveDir: projectFolder,
    }))
  },
}

/**
 * Of Node's modules only what is imported is read: an `import` of node:http reads all its exports, WebSocket among them, for
 * which Node loads a whole second HTTP client (5 MiB).
 */
const onlyImported: Plugin = {
  name: 'only-imported',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:/ }, ({ path, kind }) =>
      kind === 'import-statement' ? { path, namespace: 'builtin' } : undefined,
    )
    onLoad({ filter: /.*/, namespace: 'builtin' }, ({ path }) => ({ contents: exportsOf(path) }))
  },
}

/** A module with the exports of one of Node's, in a form that esbuild leaves out where nobody imports them. */
function exportsOf(builtin: string): string {
  const names = Object.keys(process.getBuiltinModule(builtin) ?? {}).filter((name) =>
    /^[a-z_$][\w$]*$/i.test(name),
  )
  return [
    `const builtin = /* @__PURE__ */ require(${JSON.stringify(builtin)})`,
    'export default builtin',
    ...names
      .filter((name) => name !== 'default')
      .map((name) => `export const ${name} = /* @__PURE__ */ (() => builtin.${name})()`),
  ].join('\n')
}

/**
 * Bundles `entry`, a main.ts, into `folder`: main.js, and the chunks that it loads only when a command needs them. Returns the
 * folders of the libraries that are in it, sorted.
 */
export async function bundle(entry: string, folder: string): Promise<readonly string[]> {
  const { metafile } = await build({
    absWorkingDir: projectFolder,
    entryPoints: [entry],
    outdir: folder,
    bundle: true,
    splitting: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    banner: { js: requireForCommonJs },
    plugins: [replacing, onlyImported],
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  })
  const folders = Object.keys(metafile.inputs).map(
    (path) => /^node_modules\/(?:.*node_modules\/)?(?:@[^/]+\/)?[^/]+/.exec(path)?.[0],
  )
  return [...new Set(folders)].filter((found) => found !== undefined).sort()
}

/** The licence text of each library, under its name. Rejects where one has none: then it must not be shipped. */
export async function licencesOf(folders: readonly string[]): Promise<string> {
  const texts = await Promise.all(folders.map(licenceOf))
  return texts.join('\n')
}

async function licenceOf(library: string): Promise<string> {
  const folder = join(projectFolder, library)
  const manifest: { name: string; version: string; license?: string } = JSON.parse(
    await readFile(join(folder, 'package.json'), 'utf8'),
  )
  const title = `${manifest.name} ${manifest.version} (${manifest.license ?? 'licence below'})`
  return `${'-'.repeat(80)}\n${title}\n\n${await licenceText(folder)}\n`
}

async function licenceText(folder: string): Promise<string> {
  const names = await readdir(folder)
  const file = names.find((name) => /^(licen[cs]e|copying)/i.test(name))
  if (file !== undefined) return readFile(join(folder, file), 'utf8')
  // Some state it at the end of their README.
  const readme = names.find((name) => /^readme/i.test(name))
  const text = readme === undefined ? '' : await readFile(join(folder, readme), 'utf8')
  const section = /^#+ *licen[cs]e[\s\S]*/im.exec(text)?.[0]
  if (section === undefined) throw new Error(`${folder}: expected a file LICENSE, found none`)
  return section
}
