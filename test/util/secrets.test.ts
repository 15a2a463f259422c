import assert from 'node:assert/strict'
import { test } from 'node:test'
import { oneLine, withoutSecrets } from '../../agent/util/secrets.ts'

/** Each text holds a secret, always with the word `hunter` or in the form that its provider gives it. */
const nasty: readonly (readonly [text: string, safe: string])[] = [
  ['dial sftp://anna:hunter2@nas:22/backup: refused', 'dial sftp://***@nas:22/backup: refused'],
  ['Get "https://u:hunter/2@dav.example/": EOF', 'Get "https://***@dav.example/": EOF'],
  ['Get "https://u:hunt@er2@dav.example/": EOF', 'Get "https://***@dav.example/": EOF'],
  ['https://:hunter2@dav.example', 'https://***@dav.example'],
  ['https://u:20262026@dav.example/x', 'https://***@dav.example/x'],
  ['KOPIA_PASSWORD=hunter2 kopia: failed', 'KOPIA_PASSWORD=*** kopia: failed'],
  ['export KOPIA_PASSWORD="hunter 2"; run', 'export KOPIA_PASSWORD=***; run'],
  ["mysqldump --password='hunter 2' failed", 'mysqldump --password=*** failed'],
  ['rclone --webdav-password hunter2 serve', 'rclone --webdav-password *** serve'],
  ['{"password":"hunter\\"2","user":"anna"}', '{"password":***,"user":"anna"}'],
  ['{Password:hunter2 User:anna}', '{Password:*** User:anna}'],
  ['passphrase: hunter2', 'passphrase: ***'],
  ['clientSecret=hunter2', 'clientSecret=***'],
  ['access-key: hunter2, secret-access-key: hunter3', 'access-key: ***, secret-access-key: ***'],
  ['aws_secret_access_key = hunter/2+3=', 'aws_secret_access_key = ***'],
  ['no such key AKIAIOSFODNN7EXAMPLE here', 'no such key *** here'],
  ['storage-account-key=hunter2==', 'storage-account-key=***'],
  ['Authorization: Bearer hunter2.hunter3', 'Authorization: ***'],
  ['"Authorization":"Basic aHVudGVyMg=="', '"Authorization":"***"'],
  ['sent bearer hunter2hunter2 to it', 'sent bearer *** to it'],
  ['with Basic aHVudGVyMg== refused', 'with Basic *** refused'],
  [
    'Authorization: AWS4-HMAC-SHA256 Credential=hunter/2026/s3, Signature=hunter',
    'Authorization: ***, Signature=***',
  ],
  ['Cookie: session=hunter2; id=hunter3', 'Cookie: ***'],
  [
    'https://s3.example/b?X-Amz-Signature=hunter&X-Amz-Credential=hunter%2F1&X-Amz-Security-Token=hunter&part=1',
    'https://s3.example/b?X-Amz-Signature=***&X-Amz-Credential=***&X-Amz-Security-Token=***&part=1',
  ],
  [
    'https://x.blob.example/c?sv=2026&sig=hunter%3D&se=2027',
    'https://x.blob.example/c?sv=2026&sig=***&se=2027',
  ],
  [
    'https://g.example/v1?key=hunter&access_token=hunter&alt=json',
    'https://g.example/v1?key=***&access_token=***&alt=json',
  ],
  ['key AIzaSyA1234567890123456789012345678901 is bad', 'key *** is bad'],
  ['token ghp_0123456789abcdefghij0123 expired', 'token *** expired'],
  ['jwt eyJhbGciOiJIUzI1.eyJzdWIiOiIx.c2lnbmF0dXJl refused', 'jwt *** refused'],
  ['-----BEGIN RSA PRIVATE KEY-----\nhunter\n-----END RSA PRIVATE KEY-----\nbad', '***\nbad'],
  ['-----BEGIN PRIVATE KEY-----\nhunter', '***'],
]

test('a secret is replaced wherever it stands', () => {
  for (const [text, safe] of nasty) assert.equal(withoutSecrets(text), safe)
})

test('what only looks like a secret stays', () => {
  for (const text of [
    'upload error: exit status 3',
    'open repository: unable to read format: invalid repository password',
    'repository is not connected. See https://kopia.io/docs/repositories/',
    'Get "http://127.0.0.1:9000/bucket": dial tcp 127.0.0.1:9000: connect: connection refused',
    'Get "http://[::1]:9000/?list-type=2": EOF',
    'unsupported source: root@vm:/data/photos',
    'unable to connect to sftp://nas@example.org/backup',
    'basic authentication is required',
    'lstat /data/passwords/2026: no such file or directory',
  ])
    assert.equal(withoutSecrets(text), text)
})

test('a message becomes one line of at most 300 characters, with its control characters visible', () => {
  assert.equal(oneLine('  a\n\tb\u001b[31m\u202e  '), 'a\\n\\tb\\u{1b}[31m\\u{202e}')
  assert.equal(oneLine('é'.repeat(300)), 'é'.repeat(300))
  assert.equal(oneLine('🗄'.repeat(301)), `${'🗄'.repeat(299)}…`)
})

test('a cut uncovers no secret', () => {
  const padding = 'password=x '.repeat(2000)
  for (let length = 19_970; length < 20_010; length += 1) {
    const text = `${padding.slice(0, length - 1)} https://anna:hunter2@nas/`
    assert.doesNotMatch(withoutSecrets(text), /hunt/)
  }
  const endless = `https://anna:${'hunter2'.repeat(10_000)}@nas/`
  assert.equal(oneLine(endless), '…')
})

test('a hostile message needs no endless search', () => {
  for (const piece of [
    '//a:',
    'password="\\',
    '--token ',
    '--',
    'Authorization: ',
    'eyJaaaaaaaaa-',
    '-----BEGIN ',
  ])
    assert.ok(oneLine(piece.repeat(1_000_000)).length <= 300, piece)
})
