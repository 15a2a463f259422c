// Loaded before a program (node --import): sets its clock ahead by the number of seconds in a file, which may change.

import { readFileSync } from 'node:fs'

const realNow = Date.now
const file = process.env.TEST_CLOCK_FILE ?? ''

Date.now = () => realNow() + Number(readFileSync(file, 'utf8')) * 1000
