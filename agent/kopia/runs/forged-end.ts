// Takes back the good end of a run that only a path has told. Pure.

import type { Message } from '../log/messages.ts'
import type { RunEvidence } from './evidence.ts'

/** The messages that show that Kopia still backs up. */
const workKinds: ReadonlySet<Message['kind']> = new Set([
  'snapshotting',
  'upload-started',
  'uploading',
  'uploaded',
  'created',
  'created-partial',
  'identical',
])

/**
 * A path with line ends can forge the lines of a flush or of a close, but what Kopia writes afterwards shows that it was
 * none: it backs up nothing more after its flush. A server can close one repository and open another.
 */
export function withoutForgedEnd(run: RunEvidence, { kind }: Message): RunEvidence {
  const hasEnd = run.flushedAt !== undefined || run.repository === 'closed'
  if (!hasEnd || !workKinds.has(kind)) return run
  const { flushedAt: _, closedAt: __, ...others } = run
  return { ...others, repository: run.repository === 'closed' ? 'opened' : run.repository }
}
