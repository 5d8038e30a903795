/** The files of one task's control group, as v1 and v2 name them. */
import type { GroupKind } from './group-chains.ts'

export type GroupFiles = {
  /** Written in this order; the second makes swap no way around the limit and is missing without swap accounting. */
  readonly limit: string
  readonly swapLimit: { readonly file: string; readonly text: (limitBytes: number) => string }
  readonly usage: string
  /** The kernel's own record, missing on v2 before Linux 5.19. */
  readonly peak: string
  /** In memory.stat: file cache that nobody used lately, which the kernel drops before the limit hurts. */
  readonly cache: RegExp
  /** How often the kernel killed a process of the group, for whatever reason. */
  readonly kills: { readonly file: string; readonly pattern: RegExp }
  /** In the file of `kills`: how often the group came to its own limit. Of v1 only its peak tells. */
  readonly limitHits: RegExp | null
}

export const taskGroupFiles: Readonly<Record<GroupKind, GroupFiles>> = {
  v1: {
    limit: 'memory.limit_in_bytes',
    // Of v1 this is memory and swap together.
    swapLimit: { file: 'memory.memsw.limit_in_bytes', text: String },
    usage: 'memory.usage_in_bytes',
    peak: 'memory.max_usage_in_bytes',
    cache: /^total_inactive_file (\d{1,16})$/m,
    kills: { file: 'memory.oom_control', pattern: /^oom_kill (\d{1,16})$/m },
    // memory.failcnt stayed 0 through such kills on Linux 6.18.
    limitHits: null,
  },
  v2: {
    limit: 'memory.max',
    swapLimit: { file: 'memory.swap.max', text: () => '0' },
    usage: 'memory.current',
    peak: 'memory.peak',
    cache: /^inactive_file (\d{1,16})$/m,
    kills: { file: 'memory.events', pattern: /^oom_kill (\d{1,16})$/m },
    limitHits: /^oom (\d{1,16})$/m,
  },
}
