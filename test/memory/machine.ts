/** Small file trees that look like the /proc and the control groups of a machine. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'

export const MiB = 2 ** 20
export const GiB = 2 ** 30

/** By path, without the leading slash. */
export type Files = Readonly<Record<string, string>>

/** Written into a directory that is removed when the test ends. */
export function machine(test: TestContext, files: Files): string {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-machine-'))
  test.after(() => rmSync(root, { recursive: true, force: true }))
  write(root, files)
  return root
}

export function write(root: string, files: Files): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
}

export const meminfo = (totalBytes: number, availableBytes: number): Files => ({
  'proc/meminfo':
    `MemTotal:       ${totalBytes / 1024} kB\nMemFree:        1024 kB\n` +
    `MemAvailable:   ${availableBytes / 1024} kB\nBuffers:          12 kB\n`,
})

/** As the kernel writes it: pages by zone, and those that each processor keeps in a list of its own. */
export const zoneinfo = (
  zones: readonly { readonly managed: number; readonly counts: readonly number[] }[],
): Files => ({
  'proc/zoneinfo': zones
    .map(
      ({ managed, counts }, zone) =>
        `Node 0, zone     Zone${zone}\n  pages free     4711\n        spanned  ${managed + 9}\n` +
        `        present  ${managed + 5}\n        managed  ${managed}\n        cma      0\n  pagesets\n` +
        counts
          .map(
            (count, processor) =>
              `    cpu: ${processor}\n              count:    ${count}\n              high:     7\n` +
              '              batch:    63\n  vm stats threshold: 4\n',
          )
          .join(''),
    )
    .join(''),
})

const rootMount = '27 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n'

export const mountV2 = (root = '/', point = '/sys/fs/cgroup'): string =>
  `${rootMount}41 31 0:38 ${root} ${point} rw,nosuid shared:9 master:2 - cgroup2 cgroup2 rw,nsdelegate\n`

export const mountV1 = (root = '/', point = '/sys/fs/cgroup/memory'): string =>
  `${rootMount}34 31 0:31 ${root} /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n` +
  `35 31 0:32 ${root} ${point} rw - cgroup cgroup rw,memory\n`

type Group = {
  readonly limit?: number
  readonly high?: number
  readonly usage: number
  readonly cache?: number
}

export function groupV2(directory: string, { limit, high, usage, cache = 0 }: Group): Files {
  return {
    [`${directory}/memory.max`]: `${limit ?? 'max'}\n`,
    [`${directory}/memory.high`]: `${high ?? 'max'}\n`,
    [`${directory}/memory.current`]: `${usage}\n`,
    [`${directory}/memory.stat`]: `anon 4096\nfile 8192\nactive_file 512\ninactive_file ${cache}\nslab 77\n`,
  }
}

/** What v1 writes for "no limit". */
export const unlimitedV1 = '9223372036854771712'

export function groupV1(directory: string, group: Group & { readonly fromAbove?: number }): Files {
  const { limit, usage, cache = 0, fromAbove } = group
  return {
    [`${directory}/memory.limit_in_bytes`]: `${limit ?? unlimitedV1}\n`,
    [`${directory}/memory.usage_in_bytes`]: `${usage}\n`,
    [`${directory}/memory.stat`]:
      `cache 1\ninactive_file 4096\nhierarchical_memory_limit ${fromAbove ?? limit ?? unlimitedV1}\n` +
      `total_cache 5\ntotal_inactive_file ${cache}\ntotal_active_file 9\n`,
  }
}
