// Snapshots are read back with Kopia 0.19.0.

import { testOlderReader } from '../../support/older-reader.ts'

testOlderReader('v0.19.0')
