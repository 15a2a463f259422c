// The main ways in which a backup can end, with Kopia 0.22.3.

import { testOlderKopia } from '../support/older-kopia.ts'

testOlderKopia('v0.22.3')
