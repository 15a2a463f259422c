// The workflows of GitHub only call what anybody can run, pin what they use, and get no more rights than they need. actionlint checks the
// rest (`npm run check`).

import assert from 'node:assert/strict'
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { projectFolder } from '../support/tools.ts'

type Step = { readonly uses?: string; readonly run?: string }

type Job = {
  readonly uses?: string
  readonly steps?: readonly Step[]
  readonly 'timeout-minutes'?: number
}

type Workflow = {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

const folder = join(projectFolder, '.github/workflows')
const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
  await readFile(join(projectFolder, 'package.json'), 'utf8'),
)

/** The paths of files that a script names. */
const files = (script: string) => script.match(/(?:\.ci|tools)\/[\w./-]+/g) ?? []

for (const name of await readdir(folder)) {
  const text = await readFile(join(folder, name), 'utf8')
  const workflow: Workflow = parse(text)
  const jobs = Object.values(workflow.jobs)
  const steps = jobs.flatMap((job) => job.steps ?? [])
  const runs = steps.flatMap(({ run }) => run ?? [])

  test(`${name} may only read, unless a job says otherwise, and each job ends at some time`, () => {
    assert.deepEqual(workflow.permissions, { contents: 'read' })
    for (const { uses, 'timeout-minutes': minutes } of jobs)
      assert.ok(uses !== undefined || minutes !== undefined)
  })

  test(`every action in ${name} is pinned to a commit, and says its version`, () => {
    const used = text.match(/^ *(?:- )?uses: .*$/gm) ?? []
    assert.ok(used.length >= 1)
    for (const line of used) {
      assert.match(
        line,
        /uses: (?:\.\/\.github\/workflows\/\w+\.yml|[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$/,
      )
    }
  })

  test(`no step of ${name} hides a script`, async () => {
    assert.ok(runs.length >= 1)
    for (const run of runs) {
      assert.doesNotMatch(run.trim(), /\n|;|&&|\|/, 'put it into tools/ and call it by an npm script')
      const script = /^npm run (?:--silent )?([\w:-]+)/.exec(run)?.[1]
      if (script !== undefined) assert.ok(script in scripts, `package.json has no script ${script}`)
      for (const file of files(run)) assert.ok((await stat(join(projectFolder, file))).isFile())
    }
  })
}

test('ci.yml runs .ci/run, and a release waits for it', async () => {
  const read = async (name: string): Promise<Workflow> => parse(await readFile(join(folder, name), 'utf8'))
  const ci = await read('ci.yml')
  const runs = Object.values(ci.jobs).flatMap(({ steps = [] }) => steps.map(({ run }) => run))
  assert.ok(runs.includes('sh .ci/run'))
  const release = await read('release.yml')
  assert.equal(release.jobs.ci?.uses, './.github/workflows/ci.yml')
})
