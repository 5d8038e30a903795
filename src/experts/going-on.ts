/**
 * How a log ends. A service went on with its work after an error when its last records, stamped with a time, tell of no
 * trouble; so did a script that traces its commands (`set -x`) and has more of them. Build tools print lines without
 * times, and CI systems stamp all that they pass on: neither is meant. And a last line may say that all is done.
 */

import { withoutEscapes } from './escapes.ts'

/** The end of a log is kept for this, in bytes. */
const tailBytes = 8_192
/** A longer last line is data. */
const lastLineBytes = 200
const done =
  /^\W{0,8}(?:ok|done|finished|success|ready)\W{0,8}$|\b(?:successful|succeeded|success|completed?|done|finished)[.!]{0,4}$|\b(?:successfully|is ready|deployed|written|saved|installed|uploaded|published|generated|seeded|synced|restored|applied)\b/i
/** No whole work is done where something is not, a part is, or is still waited for, or advice is given; and a pod that is placed does not run. */
const undone =
  /^\W{0,8}to \w|\b(?:not|no|none|never|nothing|fail\w{0,4}|fatal|errors?|crash|warnings?|un\w{1,20}|only|partially|logs?|reports?|dump|notification|waiting|until|before|already|but|should|must|be|assigned|pulled|ago|catalog|on the path)\b|n't\b|\b0 of\b/i

/** So many quiet records mean that it went on: a single one may be the last thing that it does. */
const quietRecords = 2

/** A record without trouble. */
export type QuietRecord = { readonly line: number; readonly writer: string; readonly text: string }

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
    return /^(?:OK(?: \(.{1,80}\))?$|ok \d{1,6}\b)/.test(this.#lastLine)
  }

  /**
   * The number of its last line where that says that all is done, in whatever words: too many to be looked for in each
   * line. @param lastLine the number of its last line, be it empty.
   */
  doneLine(lastLine: number): number | null {
    const isDone = done.test(this.#lastLine) && !undone.test(this.#lastLine)
    return isDone ? lastLine - (this.#end.slice(this.#end.trimEnd().length).match(/\n/g)?.length ?? 0) : null
  }

  get #lastLine(): string {
    const lines = this.#end.trimEnd().split(/[\r\n]/)
    return lines.length === 1 && this.#bytes.length > lastLineBytes ? '' : withoutEscapes(lines.at(-1) ?? '')
  }

  get #end(): string {
    return Buffer.from(this.#bytes.subarray(-lastLineBytes)).toString('utf8')
  }

  /** @param lastLine the number of its last line. @param isTrouble whether the line with this number tells of trouble. */
  quietRecords(lastLine: number, isTrouble: (line: number) => boolean): readonly QuietRecord[] {
    const lines = Buffer.from(this.#bytes)
      .toString('utf8')
      .split(/\r\n|\n|\r/)
      .map(withoutEscapes)
    const first = lastLine - lines.length + 1
    const isPassedOn = lines.some((text) => empty.test(text))
    return lines.flatMap((text, at) => {
      const line = first + at
      return isRecord(text, isPassedOn) && !isTrouble(line) ? [{ line, writer: writerOf(text), text }] : []
    })
  }
}

/** A time near the start, a logger's field, or the kernel's clock. */
const time =
  /^.{0,80}?\d\d:\d\d:\d\d|^\{.{0,200}?"(?:ts|time|timestamp|@timestamp|t)"|^(?:\[ {0,6}\d{1,7}\.\d{6}\])|^\d{6} \d{6} /
/** GitHub and Azure, GitLab, TeamCity and Bamboo stamp all that passes by. */
const ofCi =
  /^(?:(?:[^\t]{1,120}\t[^\t]{1,120}\t)?\S{0,40}\d\d:\d\d:\d\d\.\d{7}Z |\S{20,40}Z \d\d[OE][ +]|\[\d\d:\d\d:\d\d\] {0,2}[WEFi]?: |(?:build|error|simple|command)\t\d\d-)/
/** So does who stamps lines with nothing in them: no logger writes such records. */
const empty =
  /^[[(]?(?:\d{4}[-/]\d\d[-/]\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?[\])]?[\s|]{0,8}$/
const serious = /\bERROR\b|\bFATAL\b|^E\d{4} /
/** Who gives up says good-bye, too, and what follows is of that unless it begins anew. */
const ofAnEnd =
  /\b(?:shut(?:ting)? ?down|shutdown|exit(?:ing|ed)?|stopp(?:ing|ed)|terminat(?:ing|ed)|abort(?:ing|ed)?|rolling back|clean(?:ing)?[ -]?up|cleaning|flushing|notifying|closing (?:the )?(?:pool|context|application|jpa)|total time|duration:? \d)\b/i
const ofABeginning =
  /^(?!.*\b(?:no|not|cannot|can't)\b).*\b(?:started|listening|ready|running|connected|boot(?:ing|ed))\b/i
/** Commands with which a script clears away or shows what became of it: no work goes on with them. */
const afterwards =
  'exit\\b|return\\b|rm\\b|kill\\b|trap\\b|clean|cat\\b|tail\\b|head\\b|echo\\b|printf\\b|ls\\b|df\\b|free\\b|ps\\b|env\\b|printenv\\b|dmesg\\b|journalctl\\b|systemctl (?:--\\S{1,40} ){0,5}status\\b|(?:kubectl|oc)(?: -n \\S{1,64})? (?:describe|logs|get|top)\\b|docker(?: compose|-compose)? ?(?:logs|ps|inspect|stats)\\b|notify|true\\b|false\\b|:'

/** A command of a script, as the shell traces it. */
const traced = new RegExp(`^(?:\\+{1,9} (?!${afterwards})|(?:\\S{20,40}Z )?\\[command\\])`)

/** When something began or ended, as `kubectl` shows it. */
const field = /^\W{0,20}(?:Start(?:ed| Time)|Finished|\w{1,40}(?:At|Time|Timestamp))"?: /

/** Where each line is stamped, those of a stack and of a usage are, too. */
const continued =
  /\d\d:\d\d:\d\d\S{0,16} {0,4}(?:\t| {3,20}(?![ \d])|goroutine \d|created by |panic\(|main\.|\[signal |exit status|Usage:|Flags:|at |note: run with)/

const isRecord = (text: string, isPassedOn: boolean): boolean =>
  traced.test(text) ||
  (!isPassedOn && time.test(text) && ![ofCi, serious, field, continued].some((other) => other.test(text)))

/** The service of Docker Compose, the pod of `kubectl` and stern, the program of syslog and the journal, a field of a record. */
const writers: readonly RegExp[] = [
  /^([\w.-]{1,60}) {0,40}\| /,
  /^\[(pod\/[\w./-]{1,200})\] /,
  /^[A-Z][a-z]{2} {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,64} ([^\s:[(]{1,64})/,
  /^\d{4}-\d\d-\d\dT[\d:.,]{8,18}(?:Z|[+-]\d\d:?\d\d) [\w.-]{1,64} ([\w.()@/-]{1,64})\[\d{1,9}\]: /,
  /^([a-z][a-z\d-]{0,60}-[bcdf-hj-np-tv-z\d]{6,10}-[bcdf-hj-np-tv-z\d]{5}) [a-z\d][a-z\d-]{0,62} /,
  /^[^"]{0,120}? (?:service|svc|app|container|pod)="?([^\s"]{1,100})/,
  /^\{.{0,200}?"(?:service|service[._]name|app|container|container[._]name|pod)": ?"([^"]{1,100})"/,
]

/** Who wrote a line of a log that many write to. */
export const writerOf = (text: string): string =>
  writers.map((pattern) => pattern.exec(text)?.[1]).find((writer) => writer !== undefined) ?? ''

/** What is stamped with the same second and has no level of its own is mostly more of the same message, line by line. */
const secondOf = (text: string): string => /\d\d:\d\d:\d\d/.exec(text)?.[0] ?? ''
const level = /^.{0,60}\b(?:INFO|DEBUG|TRACE|NOTICE|WARN|WARNING|LOG|info|debug)\b|^[IWD]\d{4} |"level"/

/** Whether who wrote this line had nothing to complain of after it. */
export const wentOn = (
  { line, whole }: { readonly line: number; readonly whole: string },
  quiet: readonly QuietRecord[],
): boolean => {
  const writer = writerOf(whole)
  const second = secondOf(whole)
  const after = quiet.filter((record) => record.line > line && record.writer === writer)
  const left = after.findIndex(({ text }) => ofAnEnd.test(text))
  const isGone = left >= 0 && !after.slice(left).some(({ text }) => ofABeginning.test(text))
  const going = after.filter(({ text }, at) => !ofAnEnd.test(text) && !(isGone && at > left))
  const isLater = ({ text }: QuietRecord): boolean => secondOf(text) !== second || level.test(text)
  return going.length >= quietRecords && (second === '' || going.some(isLater))
}
