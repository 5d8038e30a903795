import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A real file system of a few MiB. */
export class SmallDisk implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-disk-'))
  readonly #mounted: boolean

  constructor(size: string) {
    this.#mounted = run('mount', '-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', this.path)
    if (!this.#mounted) {
      rmdirSync(this.path)
      throw new Error('tmpfs could not be mounted')
    }
  }

  makeReadOnly(): void {
    assert.ok(run('mount', '-o', 'remount,ro', this.path))
  }

  [Symbol.dispose](): void {
    if (this.#mounted) assert.ok(run('umount', this.path))
    rmdirSync(this.path)
  }
}

const run = (command: string, ...words: string[]): boolean => spawnSync(command, words).status === 0

/** False where one can be made. */
export function whyNoDisk(): string | false {
  if (process.platform !== 'linux') return 'tmpfs is of Linux'
  if (process.getuid?.() !== 0) return 'mounting needs root'
  try {
    new SmallDisk('64k')[Symbol.dispose]()
    return false
  } catch {
    return 'this machine does not allow mounting'
  }
}
