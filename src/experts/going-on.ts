/**
 * Whether a service went on with its work after an error: its last records, stamped with a time, tell of no trouble.
 * Build tools print lines without times, and CI systems stamp all that they pass on: neither is meant.
 */

/** The end of a log is kept for this, in bytes. */
const tailBytes = 8_192
/** So many quiet records mean that it went on. */
const quietRecords = 3

/** A record without trouble. */
export type QuietRecord = { readonly line: number; readonly writer: string }

/** Keeps the last bytes of what passes by. */
export class Tail {
  #bytes: Uint8Array = new Uint8Array(0)

  push(chunk: Uint8Array): void {
    const last = chunk.subarray(-tailBytes)
    this.#bytes =
      last.length === tailBytes ? Buffer.from(last) : Buffer.concat([this.#bytes, last]).subarray(-tailBytes)
  }

  /** Python's unittest says no more than this when all went well; two letters are too few to be looked for in each line. */
  get isOk(): boolean {
    return /(?:^|\n)OK\s{0,4}$/.test(Buffer.from(this.#bytes.subarray(-8)).toString('latin1'))
  }

  /** @param lastLine the number of its last line. @param isTrouble whether the line with this number tells of trouble. */
  quietRecords(lastLine: number, isTrouble: (line: number) => boolean): readonly QuietRecord[] {
    const lines = Buffer.from(this.#bytes)
      .toString('utf8')
      .split(/\r\n|\n|\r/)
    const first = lastLine - lines.length + 1
    return lines.flatMap((text, at) => {
      const line = first + at
      return isRecord(text) && !isTrouble(line) ? [{ line, writer: writerOf(text) }] : []
    })
  }
}

/** A time near the start, a logger's field, or the kernel's clock. */
const time =
  /^.{0,80}?\d\d:\d\d:\d\d|^\{.{0,200}?"(?:ts|time|timestamp|@timestamp|t)"|^(?:\[ {0,6}\d{1,7}\.\d{6}\])|^\d{6} \d{6} /
const ofCi = /^\S{0,40}\d\d:\d\d:\d\d\.\d{7}Z /
const serious = /\bERROR\b|\bFATAL\b|^E\d{4} /

const isRecord = (text: string): boolean => time.test(text) && !ofCi.test(text) && !serious.test(text)

/** Who wrote a line of a log that many write to: the service of Docker Compose, the program of syslog. */
const writerOf = (text: string): string =>
  /^([\w.-]{1,60}) {0,40}\| /.exec(text)?.[1] ??
  /^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,64} ([^\s:[(]{1,64})/.exec(text)?.[1] ??
  ''

/** Whether who wrote this line had nothing to complain of after it. */
export const wentOn = (
  { line, whole }: { readonly line: number; readonly whole: string },
  quiet: readonly QuietRecord[],
): boolean => {
  const writer = writerOf(whole)
  return quiet.filter((record) => record.line > line && record.writer === writer).length >= quietRecords
}
