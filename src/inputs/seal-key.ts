import { link, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { makeDirectory } from '../directories.ts'
import { systemCodeOf } from '../errors.ts'

const keyBytes = 32

const fileIn = (stateDir: string): string => join(stateDir, 'seal.key')

/** What secrets are digested with: in a file (mode 0600) beside the record, never in it. Null when there is none yet. */
export async function readSealKey(stateDir: string): Promise<Uint8Array | null> {
  try {
    const key = await readFile(fileIn(stateDir))
    return key.length === keyBytes ? key : null
  } catch (error) {
    if (systemCodeOf(error) !== undefined) return null
    throw error
  }
}

/** The same, made where it is missing; null where that cannot be. Whoever comes first makes it. */
export async function keepSealKey(stateDir: string, random: () => number): Promise<Uint8Array | null> {
  const known = await readSealKey(stateDir)
  if (known !== null) return known
  const file = fileIn(stateDir)
  const key = Uint8Array.from({ length: keyBytes }, () => Math.floor(random() * 256))
  const draft = `${file}.${process.pid}`
  try {
    makeDirectory(stateDir)
    await writeFile(draft, key, { mode: 0o600 })
    await link(draft, file)
    return key
  } catch (error) {
    if (systemCodeOf(error) === undefined) throw error
    return await readSealKey(stateDir)
  } finally {
    await rm(draft, { force: true }).catch(() => undefined)
  }
}
