// Snapshots are read back with Kopia 0.21.1.

import { testOlderReader } from '../../support/older-reader.ts'

testOlderReader('v0.21.1')
