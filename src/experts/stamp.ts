/** What stands before the words of a line: who wrote it, and when. */
import { causedBy } from './line-kinds.ts'
import { plainLogLine, withoutPrefix } from './plain-line.ts'

/** So much of a record tells. */
export const stampBytes = 512

/**
 * Whether a line may be of the same record as one above it: the journal and CI systems stamp each line of a record, with
 * the same writer and second. What caused an exception begins no record, whenever it comes. A record of JSON has all in
 * one line.
 * @param record its first bytes.
 */
export function isOfRecord(line: Uint8Array, record: Uint8Array): boolean {
  const head = plainLogLine(record)
  if (withoutPrefix(head).startsWith('{')) return false
  const whole = plainLogLine(line)
  const words = withoutPrefix(whole)
  const isCause = causedBy.test(words)
  const stamp = whole.slice(0, Math.max(0, whole.indexOf(words))).trim()
  return withoutTime(head, isCause).startsWith(withoutTime(stamp, isCause))
}

/** Without parts of a second, and without the time of day. */
function withoutTime(text: string, isAll: boolean): string {
  const rest = text.replaceAll(/[.,]\d{1,9}/g, '')
  return isAll ? rest.replaceAll(/\d\d:\d\d:\d\d/g, '') : rest
}
