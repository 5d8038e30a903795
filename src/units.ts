/** Sizes and durations between what people write ("512MiB", "30s") and what code counts (bytes, milliseconds). */

const bytesPerUnit: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
}

const millisecondsPerUnit: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

export const sizeForms = 'a size above 0 such as 512MiB, 1.5GB or 800KiB'
export const durationForms = 'a duration such as 500ms, 30s, 10m, 2h or 1h30m'

/** The longest duration that a timer of Node.js can wait: 2^31 - 1 ms, about 24.8 days. */
export const longestDurationMs = 2 ** 31 - 1

/** "512MiB" -> bytes, at least 1, whole. Undefined when the text is not a size or not a safe integer. */
export function parseSize(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,6})?) ?([kKMGT]i?B|B)$/.exec(text)
  const unit = bytesPerUnit[match?.[2] ?? '']
  if (match === null || unit === undefined) return undefined
  const bytes = Math.round(Number(match[1]) * unit)
  return bytes >= 1 && Number.isSafeInteger(bytes) ? bytes : undefined
}

/** "85%" -> 0.85, above 0 and at most 1. Undefined when the text is not such a share. */
export function parseShare(text: string): number | undefined {
  const match = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/.exec(text)
  if (match === null) return undefined
  const share = Number(match[1]) / 100
  return share > 0 && share <= 1 ? share : undefined
}

/** "1h30m" -> milliseconds, at least 0, at most `longestDurationMs`. Undefined when the text is not a duration. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d{1,10}(?:\.\d{1,6})?(?:ms|s|m|h|d))+$/.test(text) || text.length > 64) return undefined
  let total = 0
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)) {
    total += Number(amount) * (millisecondsPerUnit[unit ?? ''] ?? Number.NaN)
  }
  const ms = Math.round(total)
  return ms <= longestDurationMs ? ms : undefined
}

/** Bytes for people: "0 B", "512 MiB", "5.9 GiB". */
export function formatSize(bytes: number): string {
  const sign = bytes < 0 ? '-' : ''
  let rest = Math.abs(bytes)
  let unit = 0
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
  while (rest >= 1023.5 && unit < names.length - 1) {
    rest /= 1024
    unit += 1
  }
  const digits = unit === 0 || rest >= 99.95 ? 0 : 1
  return `${sign}${rest.toFixed(digits).replace(/\.0$/, '')} ${names[unit]}`
}

/** Milliseconds for people: "12 ms", "3.4 s", "2 m 05 s", "1 h 07 m". */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`
  const minutes = Math.round(seconds / 60)
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} m`
}
