import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../clock.ts'
import { systemCodeOf } from '../errors.ts'
import type { AttemptRecord, Journal, RunRecord } from '../journal/journal.ts'
import type { Masker } from '../redact/redact.ts'
import { isClosed } from '../report/report.ts'
import { mayGoOn, missingLog } from './engine-state.ts'
import { type LogSink, sinkFor } from './log-output.ts'

/** How often the record and the logs are looked at, in milliseconds. */
const lookEveryMs = 300
const chunkBytes = 64 * 1024

export type FollowParts = {
  readonly journal: Journal
  readonly stateDir: string
  readonly run: RunRecord
  readonly wants: (task: string) => boolean
  /** Whose lines begin with the name of the task. */
  readonly withNames: boolean
  /** As an object for each line. */
  readonly json: boolean
  readonly maskerOf: (attempt: AttemptRecord) => Masker
  readonly signal: AbortSignal
}

/**
 * Prints what the attempts of a run have written and what they write, also attempts that begin later, until the run has
 * ended or nobody goes on with it. @returns false when it was stopped by the signal.
 */
export async function followLogs(parts: FollowParts): Promise<boolean> {
  const { journal, run, signal, wants } = parts
  const tails = new Map<string, Tail>()
  for (;;) {
    // Asked first: what ends afterwards is seen in the next round.
    const isOver = await hasEnded(journal, run)
    for (const attempt of await journal.attempts(run.runId)) {
      const key = attempt.log
      if (!wants(attempt.task) || tails.get(key)?.isDone) continue
      const tail = tails.get(key) ?? new Tail(attempt, parts)
      tails.set(key, tail)
      await tail.copy(attempt.status !== 'open' || isOver)
    }
    if (isOver || isClosed(process.stdout)) return true
    await systemClock.sleep(lookEveryMs, signal).catch(() => undefined)
    if (signal.aborted) return false
  }
}

async function hasEnded(journal: Journal, { runId }: RunRecord): Promise<boolean> {
  const { report, engine, host } = await journal.run(runId)
  if (report !== null) return true
  if (mayGoOn({ host, engine })) return false
  process.stderr.write(`nobody goes on with this run: its engine (process ${engine.pid}) is gone\n`)
  return true
}

/** One log as it grows. It is opened for each look, so that no number of tasks holds files open. */
class Tail {
  readonly #file: string
  readonly #run: RunRecord
  readonly #sink: LogSink
  readonly #mask: ReturnType<Masker['stream']>
  #at = 0
  #inode: number | null = null
  isDone = false

  constructor(attempt: AttemptRecord, { stateDir, run, withNames, json, maskerOf }: FollowParts) {
    this.#run = run
    this.#file = join(stateDir, attempt.log)
    this.#sink = sinkFor(attempt, { withNames, json })
    this.#mask = maskerOf(attempt).stream()
  }

  /** `isLast`: nothing is written any more. */
  async copy(isLast: boolean): Promise<void> {
    try {
      await this.#copyNew()
    } catch (error) {
      if (systemCodeOf(error) !== 'ENOENT') throw error
      // Not made yet, or taken away.
      const wasThere = this.#inode !== null
      if (wasThere || isLast) process.stderr.write(missingLog(this.#file, this.#run))
      this.isDone = wasThere
    }
    if (!isLast) return
    await this.#sink.push(this.#mask.end())
    await this.#sink.end()
    this.isDone = true
  }

  async #copyNew(): Promise<void> {
    await using handle = await open(this.#file)
    const { ino, size } = await handle.stat()
    if (this.#inode !== null && (ino !== this.#inode || size < this.#at)) {
      process.stderr.write(`the log ${this.#file} was replaced or cut; it is shown from its start\n`)
      this.#at = 0
    }
    this.#inode = ino
    const buffer = Buffer.allocUnsafe(chunkBytes)
    while (!isClosed(process.stdout)) {
      const { bytesRead } = await handle.read(buffer, 0, chunkBytes, this.#at)
      if (bytesRead === 0) return
      this.#at += bytesRead
      await this.#sink.push(this.#mask.push(Buffer.from(buffer.subarray(0, bytesRead))))
    }
  }
}
