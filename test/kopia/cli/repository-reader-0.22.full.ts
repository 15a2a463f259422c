// Snapshots are read back with Kopia 0.22.3.

import { testOlderReader } from '../../support/older-reader.ts'

testOlderReader('v0.22.3')
