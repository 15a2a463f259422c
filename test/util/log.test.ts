import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { visible } from '../../agent/util/visible.ts'
import { projectFolder } from '../support/tools.ts'

/** A line that forges another, a colour, a bell, DEL, a C1 control, line separators and a bidirectional override. */
const hostile = 'a\nERROR forged\r\t\u001b[31m\u0007\u007f\u0085\u009b\u2028\u2029\u202e\u2066 写真 é'
const escaped =
  'a\\nERROR forged\\r\\t\\u{1b}[31m\\u{7}\\u{7f}\\u{85}\\u{9b}\\u{2028}\\u{2029}\\u{202e}\\u{2066} 写真 é'

/** What a log of this format writes to standard error for the hostile text, as an error and below its level. */
function logged(format: 'text' | 'json'): string {
  const program = `
    import { createLog } from '${join(projectFolder, 'agent/util/log.ts')}'
    const log = createLog('info', '${format}')
    log.error(process.argv[1])
    log.debug(process.argv[1])
  `
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module-typescript', '--eval', program, hostile],
    { encoding: 'utf8' },
  )
  assert.equal(stdout, '')
  return stderr
}

test('every control, format and separator character is escaped, and nothing else', () => {
  assert.equal(visible(hostile), escaped)
  assert.equal(visible('/srv/写真 (2)/é "quoted" \\n'), '/srv/写真 (2)/é "quoted" \\n')
  for (let code = 0; code <= 0x9f; code += 1) {
    const isControl = code < 0x20 || code >= 0x7f
    assert.equal(visible(String.fromCharCode(code)).length > 1, isControl, `${code}`)
  }
})

test('in the text log a message is one line, whatever it contains', () => {
  assert.match(logged('text'), /^\d{4}-\d\d-\d\dT[\d:.]+Z ERROR [^\n]*\n$/)
  assert.ok(logged('text').endsWith(` ERROR ${escaped}\n`))
})

test('in the JSON log a message is kept as it is', () => {
  const { level, message } = JSON.parse(logged('json'))
  assert.deepEqual([level, message], ['error', hostile])
})
