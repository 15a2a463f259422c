// Writes files to volumes and sets their owners.

import { chownSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Files } from './configurations.ts'

export type Owner = { readonly user: number; readonly group: number }

/** Empties a folder. The folder itself is a volume and remains. */
export function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
}

/**
 * Writes these files, readable by their owner only, and removes everything else in the folder. Each file is replaced
 * atomically: `docker compose up` runs setup again while other services read the files.
 */
export function fill(folder: string, files: Files, owner: Owner): void {
  const wanted = new Set(Object.keys(files).flatMap((name) => [name, ...parentsOf(name)]))
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    for (const parent of parentsOf(name)) {
      mkdirSync(join(folder, parent), { recursive: true })
      give(join(folder, parent), owner)
    }
    writeFileSync(`${path}.part`, text, { mode: 0o400 })
    give(`${path}.part`, owner)
    renameSync(`${path}.part`, path)
  }
  for (const name of readFolder(folder)) {
    if (!wanted.has(name)) rmSync(join(folder, name), { recursive: true, force: true })
  }
  give(folder, owner)
}

/** The paths of all files and folders in a folder, recursively. */
export function readFolder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
}

function parentsOf(name: string): readonly string[] {
  const parent = dirname(name)
  return parent === '.' ? [] : [...parentsOf(parent), parent]
}

/** Sets the owner of a path, not recursively. */
export function give(path: string, { user, group }: Owner): void {
  chownSync(path, user, group)
}

/** Sets the owner of a folder and everything in it. */
export function giveAll(folder: string, owner: Owner): void {
  for (const name of readFolder(folder)) give(join(folder, name), owner)
  give(folder, owner)
}

/** Sets the owner of a volume's folder. Throws if the folder contains data of another user. */
export function claim(folder: string, owner: Owner, problem: (user: number) => string): void {
  for (const name of readdirSync(folder)) {
    const { uid } = statSync(join(folder, name))
    // A separate disk contains root's `lost+found`.
    if (uid !== owner.user && uid !== 0) throw new Error(problem(uid))
  }
  give(folder, owner)
}
