import { testEndings } from '../support/endings-table.ts'

testEndings()
