// A process that takes the lock of each folder it is sent, answers with the result, and keeps the lock until it ends.

import { takeLock } from '../../agent/ledger/lock.ts'

process.on('message', (folder: string) => {
  void takeLock(folder, process.pid).then((lock) => process.send?.(lock))
})
