// Creates data for the drawings: a machine with backups every minute or two, on the whole real stack.

import { randomBytes } from 'node:crypto'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Cleanable, cleanUpAfter } from '../../test/support/cleanup.ts'
import { makeUnreadableFile } from '../../test/support/endings.ts'
import { createKopiaLab, type KopiaLab } from '../../test/support/kopia.ts'
import {
  type Service,
  startAgent,
  startNodeExporter,
  startPrometheus,
  startPushgateway,
} from '../../test/support/stack.ts'

/** Divides the times of the alert rules, because backups run every minute instead of every day. */
const speed = 60

type Options = {
  readonly folder: string
  readonly seconds: number
  readonly progress: (text: string) => void
}
type Context = Options & { readonly kopia: KopiaLab; readonly hold: string }

/** The behaviour of one source before each backup. `share` is the elapsed share of the whole time. */
type SourcePlan = {
  readonly name: string
  readonly everySeconds: number
  readonly prepare?: (context: Context, path: string) => Promise<unknown>
  readonly change: (path: string, share: number) => Promise<unknown>
  readonly flags?: (share: number) => readonly string[]
}

const megabyte = 1_000_000
const put = (path: string, name: string, bytes: number) => writeFile(join(path, name), randomBytes(bytes))
const some = (from: number, to: number) => Math.round(from + Math.random() * (to - from))

async function putMany(path: string, count: number, bytes: number): Promise<void> {
  for (let number = 0; number < count; number++) await put(path, `file-${some(0, 500)}`, bytes)
}

/** Installs an action that fails while one file exists and waits while another file exists. */
async function setAction({ kopia, folder, hold }: Context, path: string): Promise<void> {
  const action = join(folder, 'action.sh')
  const script = `#!/bin/sh\nwhile [ -e '${hold}' ]; do sleep 0.2; done\n[ ! -e '${join(folder, 'down')}' ] || exit 3\n`
  await writeFile(action, script, { mode: 0o755 })
  await kopia.must('policy', 'set', path, `--before-snapshot-root-action=${action}`)
}

const plans: readonly SourcePlan[] = [
  {
    name: 'photos',
    everySeconds: 60,
    change: (path) => put(path, `photo-${Date.now()}`, some(4, 16) * megabyte),
  },
  {
    name: 'documents',
    everySeconds: 60,
    prepare: async ({ kopia }, path) => {
      await makeUnreadableFile(path)
      await kopia.must('policy', 'set', path, '--ignore-file-errors=true')
    },
    change: (path) => putMany(path, some(5, 60), 20_000),
  },
  {
    name: 'database',
    everySeconds: 90,
    prepare: setAction,
    change: (path, share) =>
      share > 0.35 && share < 0.55
        ? writeFile(join(path, '..', 'down'), '')
        : Promise.all([
            rm(join(path, '..', 'down'), { force: true }),
            put(path, 'dump', some(30, 40) * megabyte),
          ]),
  },
  {
    name: 'mail',
    everySeconds: 120,
    change: (path, share) => putMany(path, share > 0.85 ? 40 : 10, share > 0.85 ? megabyte : 50_000),
    flags: (share) => (share > 0.85 ? ['--upload-limit-mb=1', '--parallel=1'] : []),
  },
  {
    name: 'home',
    everySeconds: 120,
    change: (path, share) => (share > 0.7 ? makeUnreadableFile(path) : putMany(path, 20, 100_000)),
  },
]

/** Starts the stack, runs all backups, and resolves with Prometheus while one last backup is running. */
export async function runBackups(options: Options, cleanup: Cleanable): Promise<Service> {
  const { folder, progress } = options
  const begin = async (service: Promise<Service>) => {
    const running = await service
    cleanUpAfter(cleanup, () => running.stop())
    return running
  }
  const gateway = await begin(startPushgateway())
  const nodeExporter = await begin(startNodeExporter())
  const prometheus = await begin(
    startPrometheus(join(folder, 'prometheus'), { gateway, nodeExporter }, speed),
  )
  progress(`Prometheus: ${prometheus.url}`)
  const stateDirectory = join(folder, 'state')
  const kopia = await createKopiaLab(join(folder, 'kopia'), stateDirectory)
  await createOverdue(folder, kopia)
  await createPast(folder, kopia)
  await begin(
    startAgent(
      { stateDirectory, kopiaEnvironment: kopia.environment },
      {
        KOPIA_METRICS_PUSHGATEWAY_URL: gateway.url,
        KOPIA_METRICS_REFRESH_SCHEDULE: '*/15 * * * * *',
        KOPIA_METRICS_REPOSITORY_SCHEDULE: '*/30 * * * * *',
      },
    ),
  )
  const context = { ...options, kopia, hold: join(folder, 'hold') }
  await Promise.all([...plans.map((plan) => runPlan(plan, context)), maintain(context)])
  await leaveRunning(context, cleanup)
  return prometheus
}

/** Creates a source with a daily policy and a last backup three days ago. */
async function createOverdue(folder: string, kopia: KopiaLab): Promise<void> {
  const path = join(folder, 'archive')
  await mkdir(path)
  await put(path, 'archive', 20 * megabyte)
  await kopia.must('policy', 'set', path, '--snapshot-interval=24h')
  for (const daysAgo of [20, 12, 5, 4, 3]) await createSnapshotOf(kopia, path, daysAgo)
}

/** Gives the documents a month of snapshots: enough for a size baseline and a limit of changed files. */
async function createPast(folder: string, kopia: KopiaLab): Promise<void> {
  const path = join(folder, 'documents')
  await mkdir(path)
  for (let number = 0; number <= 500; number++) await put(path, `file-${number}`, 20_000)
  // All files of the first one are new. It is older than the four weeks that count.
  for (const daysAgo of [40, 35, 20, 10, 4]) {
    await createSnapshotOf(kopia, path, daysAgo)
    await putMany(path, some(20, 60), 20_000)
  }
}

/** Creates a snapshot of the past, of which the agent sees no run. */
async function createSnapshotOf(kopia: KopiaLab, path: string, daysAgo: number): Promise<void> {
  const time = new Date(Date.now() - daysAgo * 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
  const times = [`--start-time=${time} UTC`, `--end-time=${time} UTC`]
  await kopia.must('snapshot', 'create', '--disable-file-logging', ...times, path)
}

async function runPlan(plan: SourcePlan, context: Context): Promise<void> {
  const { folder, kopia, seconds } = context
  const path = join(folder, plan.name)
  await mkdir(path, { recursive: true })
  await plan.prepare?.(context, path)
  await kopia.must('policy', 'set', path, `--snapshot-interval=${plan.everySeconds}s`)
  const begunAt = Date.now()
  const share = () => (Date.now() - begunAt) / 1000 / seconds
  while (share() < 1) {
    const next = Date.now() + plan.everySeconds * 1000
    await plan.change(path, share())
    await kopia.runUnprivileged('snapshot', 'create', ...(plan.flags?.(share()) ?? []), path)
    await sleep(Math.max(0, Math.min(next, begunAt + seconds * 1000 + 1000) - Date.now()))
  }
}

async function maintain({ kopia, seconds, progress }: Context): Promise<void> {
  await sleep(seconds * 300)
  await kopia.run('snapshot', 'verify')
  progress('a third of the time has passed')
  await sleep(seconds * 400)
  await kopia.run('maintenance', 'run', '--full')
  progress('two thirds of the time have passed')
  await sleep(seconds * 270)
}

/** Starts a backup of the database whose action waits until the end. */
async function leaveRunning({ folder, kopia, hold }: Context, cleanup: Cleanable): Promise<void> {
  await writeFile(hold, '')
  const running = kopia.start('snapshot', 'create', join(folder, 'database'))
  cleanUpAfter(cleanup, async () => {
    await rm(hold, { force: true })
    await running.ended
  })
  await sleep(20_000)
}
