/** What this process itself takes from the machine. */
import { type KeptFile, keepFile } from './kept-file.ts'

let status: KeptFile | null | undefined

/**
 * Bytes that are charged to this process alone: anonymous memory, without the text of programs and libraries that
 * others share. 10 us. Where there is no /proc, the resident set.
 */
export function ownMemoryBytes(): number {
  status ??= keepFile('/proc/self/status') ?? null
  const match = status && /^RssAnon:\s+(\d{1,12}) kB$/m.exec(status.read())
  return match ? Number(match[1]) * 1024 : process.memoryUsage.rss()
}
