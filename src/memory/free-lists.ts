/**
 * Free memory that /proc/meminfo counts as used: since Linux 6.7 each processor may keep up to an eighth of what was
 * freed on it in a list of its own (https://docs.kernel.org/admin-guide/sysctl/vm.html#percpu-pagelist-high-fraction;
 * 950 MiB of 24 GiB were seen after one process of 1 GiB had ended, for minutes). The kernel takes it back before it
 * kills anything.
 */
import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'

// Some 900 bytes for each processor with four zones, 5 KiB in all on two. A longer text says nothing at all, and the
// machine then looks fuller than it is. One buffer for all: reads are synchronous.
const buffer = Buffer.allocUnsafe(131_072)

export class FreeLists implements Disposable {
  #descriptor: number

  /** Throws the system error when there is no such file. */
  constructor(root: string) {
    this.#descriptor = openSync(join(root, 'proc/zoneinfo'), 'r')
  }

  /** The share of all memory that lies in these lists, 0 to 1; 0 where that cannot be known. Never throws. */
  share(): number {
    const text = this.#text()
    const managedPages = sumAfter(text, ' managed ')
    const listedPages = sumAfter(text, ' count: ')
    return managedPages > 0 ? Math.min(1, listedPages / managedPages) : 0
  }

  [Symbol.dispose](): void {
    if (this.#descriptor >= 0) closeSync(this.#descriptor)
    this.#descriptor = -1
  }

  /** The kernel hands it out zone by zone. */
  #text(): string {
    let length = 0
    try {
      while (length < buffer.length) {
        const read = readSync(this.#descriptor, buffer, length, buffer.length - length, length)
        if (read === 0) return buffer.toString('latin1', 0, length)
        length += read
      }
    } catch {
      // As where there is no such file.
    }
    return ''
  }
}

/** The longest number of pages there can be has 13 digits; spaces fill the line up. */
const longestNumber = 24

function sumAfter(text: string, word: string): number {
  let sum = 0
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at)) {
    at += word.length
    sum += Math.max(0, Number.parseInt(text.slice(at, at + longestNumber), 10) || 0)
  }
  return sum
}

/** Undefined where the file is missing or may not be read. */
export function openFreeLists(root: string): FreeLists | undefined {
  try {
    return new FreeLists(root)
  } catch {
    return undefined
  }
}
