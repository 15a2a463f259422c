// `verify` with Kopia 0.22: a good repository, flipped bytes, a missing pack.

import { testVerifyWith } from '../support/verify-older-kopia.ts'

testVerifyWith('v0.22.3')
