// A library is shipped with the text of its licence, and only under a licence whose terms are met by that.

import assert from 'node:assert/strict'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bundle, licencesOf } from '../../tools/bundle.ts'
import { temporaryFolder } from '../support/folder.ts'
import { projectFolder } from '../support/tools.ts'

/** Makes a library, and resolves with its folder as seen from the project's. */
async function makeLibrary(context: TestContext, license: string | undefined): Promise<string> {
  const folder = join(await temporaryFolder(context), 'library')
  await mkdir(folder)
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'library', version: '1.2.3', license }),
  )
  await writeFile(join(folder, 'LICENSE'), 'You may use it.')
  return relative(projectFolder, folder)
}

test('all that is bundled may be shipped', async (context) => {
  const folders = await bundle('agent/main.ts', await temporaryFolder(context))
  const text = await licencesOf(folders)
  assert.equal(text.match(/^-{80}$/gm)?.length, folders.length)
})

test('the text of a licence stands below the name, the version and the licence of its library', async (context) => {
  const text = await licencesOf([await makeLibrary(context, 'MIT')])
  assert.match(text, /^-{80}\nlibrary 1\.2\.3 \(MIT\)\n\nYou may use it\.\n$/)
})

for (const license of ['AGPL-3.0-only', 'SEE LICENSE IN LICENSE', 'UNLICENSED', undefined]) {
  test(`a library under ${license ?? 'no named licence'} is refused`, async (context) => {
    const library = await makeLibrary(context, license)
    await assert.rejects(licencesOf([library]), new RegExp(`found ${license ?? 'none'}$`))
  })
}
