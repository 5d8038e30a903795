import { readFileSync, writeFileSync } from 'node:fs'

/** From here on the kernel counts the peak anew; where it does not, growth below an earlier peak is not seen. */
export function forgetPeak() {
  try {
    writeFileSync('/proc/self/clear_refs', '5')
  } catch {
    // Only Linux has it.
  }
}

/** The greatest resident set of this process, in bytes. */
export function peakBytes() {
  const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))
  return Number(peak?.[1]) * 1024
}
