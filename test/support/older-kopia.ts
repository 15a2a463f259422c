// The endings with a Kopia that tools/kopia-VERSION pins. One file per version, so that they run side by side.

import { testEndings } from './endings-table.ts'

/**
 * Registers the tests. Two forms of the log are enough: in one everything stands, the other says least. All forms are tried
 * with the current Kopia, and what the logs say is alike in all of these versions.
 */
export function testOlderKopia(version: 'v0.19.0' | 'v0.21.1' | 'v0.22.3'): void {
  // For tools/fetch.sh.
  process.env.KOPIA_VERSION = version
  testEndings({ forms: ['text logs'] })
  testEndings({ forms: ['JSON logs at level info, --json'], hooks: ['without hooks'] })
  // 0.19 cannot do without a log.
  if (version !== 'v0.19.0') testEndings({ forms: ['no logs'] })
}
