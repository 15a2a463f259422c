// Loaded before a program (node --import): its clock is ahead by as many seconds as a file says, and follows the file.

import { readFileSync } from 'node:fs'

const realNow = Date.now
const file = process.env.TEST_CLOCK_FILE ?? ''

Date.now = () => realNow() + Number(readFileSync(file, 'utf8')) * 1000
