// The main ways in which a backup can end, with Kopia 0.19.0.

import { testOlderKopia } from '../support/older-kopia.ts'

testOlderKopia('v0.19.0')
