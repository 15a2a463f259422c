// `verify` with Kopia 0.21: a good repository, flipped bytes, a missing pack.

import { testVerifyWith } from '../support/verify-older-kopia.ts'

testVerifyWith('v0.21.1')
