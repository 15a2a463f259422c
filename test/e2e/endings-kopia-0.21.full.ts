// The main ways in which a backup can end, with Kopia 0.21.1.

import { testOlderKopia } from '../support/older-kopia.ts'

testOlderKopia('v0.21.1')
