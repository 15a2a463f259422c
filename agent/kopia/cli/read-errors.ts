// What Kopia's errors on reading mean (texts of 0.19 to 0.23): damage, or nothing about the repository's contents.

import type { ObjectFailure } from './reading.ts'

export type ReadErrorKind = ObjectFailure['kind'] | 'unreachable' | 'disk full'

/** In this order: an index that can't be decrypted also begins with `failed to open repository`, but is damage. */
const kinds: readonly { readonly kind: ReadErrorKind; readonly texts: readonly RegExp[] }[] = [
  { kind: 'disk full', texts: [/no space left on device/, /disk quota exceeded/] },
  // What a folder holds where nothing is mounted: not the repository.
  { kind: 'unreachable', texts: [/kopia\.repository blob: BLOB not found/, /format blob not found/] },
  {
    kind: 'missing_blob',
    texts: [
      /BLOB not found/,
      /backed by missing blob/,
      /content \S+ not found/,
      /content not found/,
      /object not found/,
      /could not find index blob/,
      // Its blob of contents or its index is gone (cli/command_snapshot_verify.go, snapshot/manager.go).
      /requested snapshot IDs to verify/,
      /snapshot not found/,
    ],
  },
  {
    kind: 'checksum',
    texts: [
      /invalid checksum/,
      /unable to decrypt (content|index|blob)/,
      /error decrypting BLOB/,
      /message authentication failed/,
      /ciphertext too short/,
      /error decompressing|decompression error|unable to decompress|decompression reset error/,
      /error reading compression header|invalid compression header|unsupported compressor/,
      // A blob that was cut (repo/blob/storage.go, repo/blob/filesystem).
      /failed to get blob with ID \S+: invalid (length|offset)/,
      /invalid blob offset or length/,
      /invalid \(offset=\d+,length=\d+\) for blob/,
      /unexpected chunk length/,
      /invalid indirect object/,
      /unable to open pack index|invalid (header|format) of index|error loading index blob/,
      /can't parse format blob|invalid format blob|invalid repository (format|blobcfg blob)/,
      /unable to (unpack manifest data|parse manifest)|invalid (directory|character)/,
    ],
  },
  {
    kind: 'unreachable',
    texts: [
      /^(error: )?(unable to )?open(ing)? repository:/,
      /^failed to open repository/,
      /error connecting/,
      /repository is not connected/,
      /invalid repository password/,
      /invalid server (credentials|password)/,
      /repository upgrade in progress/,
      /connection (refused|reset by peer|timed out)/,
      /no such host|no route to host|(network|host) is (unreachable|down)|server misbehaving/,
      /i\/o timeout|TLS handshake|context deadline exceeded|operation timed out/,
      /code = (Unavailable|DeadlineExceeded|Unauthenticated)/,
      /[Ss]ervice [Uu]navailable|SlowDown|Too Many Requests/,
      /transport endpoint is not connected|stale (NFS )?file handle/,
      /unexpected EOF|broken pipe|closed network connection|context canceled/,
      /AccessDenied|InvalidAccessKeyId|SignatureDoesNotMatch|ExpiredToken/,
      // Who may not read a blob knows nothing about it: a backup that ran as root, a mount of another user.
      /permission denied|operation not permitted/,
      /unknown (long|short) flag|unexpected argument|expected command/,
    ],
  },
]

/** What one error of Kopia says; `read` if it is none of the known ones. The text must not hold a path of a snapshot. */
export function readErrorKind(text: string): ReadErrorKind {
  return kinds.find(({ texts }) => texts.some((known) => known.test(text)))?.kind ?? 'read'
}

/** Whether the error is about the snapshot, not about the way to it. */
export function isDamage(kind: ReadErrorKind): kind is ObjectFailure['kind'] {
  return kind !== 'unreachable' && kind !== 'disk full'
}

/** Whether a path below an object leads to nothing (GetNestedEntry in snapshot/snapshotfs/objref.go). */
export function isEntryMissing(text: string): boolean {
  return /(^|: )entry not found(: ".*")?$/.test(text) || isParentNoDirectory(text)
}

/**
 * Kopia takes a directory that it can't read for a file, and then says that a path below it does not exist
 * (AutoDetectEntryFromObjectID in snapshot/snapshotfs/repofs.go).
 */
export function isParentNoDirectory(text: string): boolean {
  return /parent is not a directory$/.test(text)
}
