// The kernel's list of mounts, as WSL and other systems have it.

import assert from 'node:assert/strict'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileSystemOf, isOfHost, typeInMounts } from '../../agent/util/mounts.ts'
import { temporaryFolder } from '../support/folder.ts'

const mounts = [
  '57 47 8:32 / / rw,relatime - ext4 /dev/sdc rw,discard',
  '81 57 0:59 / /mnt/c rw,noatime - 9p C:\\134 rw,dirsync,aname=drvfs;path=C:\\;uid=1000,cache=5,access=client,trans=fd',
  '82 57 0:60 / /mnt/my\\040drive rw,noatime shared:7 - drvfs D: rw',
  '83 57 0:61 / /srv rw shared:1 master:2 - ext4 /dev/sdd rw',
  '84 83 0:62 / /srv rw - virtiofs share rw',
].join('\n')

test('a folder is on the deepest mount above it, and of two in one place on the later one', () => {
  const typeOf = (folder: string) => typeInMounts(folder, mounts)
  assert.equal(typeOf('/mnt/c/Users/me/AppData/Local/kopia/cli-logs'), '9p')
  assert.equal(typeOf('/mnt/c'), '9p')
  assert.equal(typeOf('/mnt/cd'), 'ext4')
  assert.equal(typeOf('/mnt/my drive/logs'), 'drvfs')
  assert.equal(typeOf('/srv/logs'), 'virtiofs')
  assert.equal(typeOf('/root'), 'ext4')
  assert.equal(typeInMounts('/root', ''), undefined)
  assert.deepEqual(['9p', 'drvfs', 'virtiofs', 'ext4', 'nfs4', undefined].map(isOfHost), [
    true,
    true,
    true,
    false,
    false,
    false,
  ])
})

test('a real folder is found by its real path, also before it exists', {
  skip: process.platform === 'linux' ? false : 'only Linux has the list',
}, async (context) => {
  const folder = await temporaryFolder(context)
  await symlink('/proc', join(folder, 'link'))
  assert.equal(fileSystemOf('/proc/self'), 'proc')
  assert.equal(fileSystemOf(join(folder, 'link', 'nowhere', 'cli-logs')), 'proc')
  assert.notEqual(fileSystemOf(join(folder, 'nowhere')), undefined)
})
