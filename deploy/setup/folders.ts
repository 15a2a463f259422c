// The volumes: what is in them, and whose they are.

import { chownSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Files } from './configurations.ts'

export type Owner = { readonly user: number; readonly group: number }

/** Takes all out of a folder; the folder itself, a volume, stays. */
export function empty(folder: string): void {
  for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
}

/**
 * Makes these files, which only their owner reads, all that is in a folder. Each is replaced as a whole: where podman
 * runs setup again before it starts a part, others read already.
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

/** Names of all that is in a folder, and in the folders in it. */
export function readFolder(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
}

function parentsOf(name: string): readonly string[] {
  const parent = dirname(name)
  return parent === '.' ? [] : [...parentsOf(parent), parent]
}

/** Gives a folder that a part of the stack writes to, and nothing in it, to its owner. */
export function give(path: string, { user, group }: Owner): void {
  chownSync(path, user, group)
}

/** Gives a folder with all that is in it. */
export function giveAll(folder: string, owner: Owner): void {
  for (const name of readFolder(folder)) give(join(folder, name), owner)
  give(folder, owner)
}

/**
 * Gives the folder of a volume to its owner where it is empty, or what is in it is the owner's already. Throws where
 * somebody else's data is in it.
 */
export function claim(folder: string, owner: Owner, problem: (user: number) => string): void {
  for (const name of readdirSync(folder)) {
    const { uid } = statSync(join(folder, name))
    // `lost+found` of a disk of its own is root's.
    if (uid !== owner.user && uid !== 0) throw new Error(problem(uid))
  }
  give(folder, owner)
}
