// Makes Kopia's automatic maintenance due after every backup, and slow.

import type { KopiaLab } from '../kopia.ts'

/** Call it before the first backup: Kopia plans its next maintenance by the intervals of that moment. */
export async function makeMaintenanceDue(kopia: KopiaLab): Promise<void> {
  await kopia.must('maintenance', 'set', '--full-interval=1s', '--quick-interval=1s')
}

/**
 * Limits the processes that open the repository from now on to one write per second after the first six, which a backup of
 * a small file needs (Kopia's repo/blob/throttling). Maintenance writes its schedule after each of its nine steps.
 */
export async function limitWrites(kopia: KopiaLab, perSecond: 1 | 'unlimited'): Promise<void> {
  await kopia.must('repository', 'throttle', 'set', `--write-requests-per-second=${perSecond}`)
}
