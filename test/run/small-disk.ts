import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'

/**
 * A disk in a directory, for a state that cannot grow. It is made with mount, which needs root. Its usual size leaves
 * room for the record of a run, also of one that is written in many pieces as its machine is slow.
 */
export function mountSmallDisk(dir: string, mebibytes = 8): Disposable & { readonly stateDir: string } {
  const stateDir = join(dir, 'small')
  mkdirSync(stateDir)
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mebibytes}m`, 'tmpfs', stateDir])
  return { stateDir, [Symbol.dispose]: () => execFileSync('umount', [stateDir]) }
}

export const whyNoSmallDisk =
  process.getuid?.() === 0 ? false : 'a small disk is made with mount, which needs root'

/** A shell line that leaves no room on it. Ends well. */
export const fillSmallDisk = 'head -c 10m /dev/zero > small/ballast 2>/dev/null; true'
