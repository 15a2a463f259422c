// Something to draw: half an hour in the life of a machine that backs up every minute, on the whole real
// stack.

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

/** The alerts' minutes become seconds, as the backups' days become minutes. */
const speed = 60

export type History = {
  readonly folder: string
  readonly seconds: number
  readonly progress: (text: string) => void
}
type Place = History & { readonly kopia: KopiaLab; readonly hold: string }

/** What one source does each time; `share` is how much of the whole time is over. */
type Habit = {
  readonly name: string
  readonly everySeconds: number
  readonly prepare?: (place: Place, path: string) => Promise<unknown>
  readonly change: (path: string, share: number) => Promise<unknown>
  readonly flags?: (share: number) => readonly string[]
}

const megabyte = 1_000_000
const put = (path: string, name: string, bytes: number) => writeFile(join(path, name), randomBytes(bytes))
const some = (from: number, to: number) => Math.round(from + Math.random() * (to - from))

async function putMany(path: string, count: number, bytes: number): Promise<void> {
  for (let number = 0; number < count; number++) await put(path, `file-${some(0, 500)}`, bytes)
}

/** An action that fails while a file is there, and waits while another is. */
async function setAction({ kopia, folder, hold }: Place, path: string): Promise<void> {
  const action = join(folder, 'action.sh')
  const script = `#!/bin/sh\nwhile [ -e '${hold}' ]; do sleep 0.2; done\n[ ! -e '${join(folder, 'down')}' ] || exit 3\n`
  await writeFile(action, script, { mode: 0o755 })
  await kopia.must('policy', 'set', path, `--before-snapshot-root-action=${action}`)
}

const habits: readonly Habit[] = [
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

/** Lives through it, and resolves with its Prometheus; a backup is under way then. */
export async function liveThrough(history: History, context: Cleanable): Promise<Service> {
  const { folder, progress } = history
  const begin = async (service: Promise<Service>) => {
    const running = await service
    cleanUpAfter(context, () => running.stop())
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
  await makeForgotten(folder, kopia)
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
  const place = { ...history, kopia, hold: join(folder, 'hold') }
  await Promise.all([...habits.map((habit) => follow(habit, place)), lookAfter(place)])
  await leaveRunning(place, context)
  return prometheus
}

/** A daily backup that nobody has taken for three days. */
async function makeForgotten(folder: string, kopia: KopiaLab): Promise<void> {
  const path = join(folder, 'archive')
  await mkdir(path)
  await put(path, 'archive', 20 * megabyte)
  await kopia.must('policy', 'set', path, '--snapshot-interval=24h')
  for (const days of [5, 4, 3]) {
    const time = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace('T', ' ')
    const times = [`--start-time=${time} UTC`, `--end-time=${time} UTC`]
    await kopia.must('snapshot', 'create', '--disable-file-logging', ...times, path)
  }
}

async function follow(habit: Habit, place: Place): Promise<void> {
  const { folder, kopia, seconds } = place
  const path = join(folder, habit.name)
  await mkdir(path)
  await habit.prepare?.(place, path)
  await kopia.must('policy', 'set', path, `--snapshot-interval=${habit.everySeconds}s`)
  const begunAt = Date.now()
  const share = () => (Date.now() - begunAt) / 1000 / seconds
  while (share() < 1) {
    const next = Date.now() + habit.everySeconds * 1000
    await habit.change(path, share())
    await kopia.runUnprivileged('snapshot', 'create', ...(habit.flags?.(share()) ?? []), path)
    await sleep(Math.max(0, Math.min(next, begunAt + seconds * 1000 + 1000) - Date.now()))
  }
}

async function lookAfter({ kopia, seconds, progress }: Place): Promise<void> {
  await sleep(seconds * 300)
  await kopia.run('snapshot', 'verify')
  progress('a third is over')
  await sleep(seconds * 400)
  await kopia.run('maintenance', 'run', '--full')
  progress('two thirds are over')
  await sleep(seconds * 270)
}

/** The database's action waits until all is over. */
async function leaveRunning({ folder, kopia, hold }: Place, context: Cleanable): Promise<void> {
  await writeFile(hold, '')
  const running = kopia.start('snapshot', 'create', join(folder, 'database'))
  cleanUpAfter(context, async () => {
    await rm(hold, { force: true })
    await running.ended
  })
  await sleep(20_000)
}
