import { constants } from 'node:fs'
import { type FileHandle, mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import type { Redactor } from '../redact/redact.ts'

/** The most output that is in memory at one time, in bytes. */
const chunkBytes = 64 * 1024
/** How much of the end of the output is kept for the report, in bytes. */
const tailBytes = 4 * 1024

/** Only the owner may read output: it is not masked yet. */
const newFile = constants.O_CREAT | constants.O_EXCL | constants.O_RDWR | constants.O_APPEND

/** Opens the file that a task's processes write their output to; it outlives the engine. */
export function openSpool(file: string): Promise<FileHandle> {
  return open(file, newFile, 0o600)
}

/** The same file, for an engine that goes on with the run of another; null where it is no plain file of its own any more. */
export async function openLeftSpool(file: string): Promise<FileHandle | null> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    if ((await handle.stat()).isFile()) return handle
    await handle.close()
  } catch {
    // It is gone, or a link.
  }
  return null
}

/** The masked output of one attempt on disk, and its last lines in memory. */
export class AttemptLog implements AsyncDisposable {
  readonly #file: FileHandle
  readonly #mask: ReturnType<Redactor['keptStream']>
  #tail: Buffer = Buffer.alloc(0)
  /** Taken over and masked, not on disk yet. */
  #unwritten: Uint8Array = Buffer.alloc(0)
  /** So many bytes of what comes are in the file already. */
  #knownBytes: number

  /** @throws STATE_UNWRITABLE when the state directory is gone. */
  static async open(file: string, masker: Redactor): Promise<AttemptLog> {
    return new AttemptLog(await openNew(file), masker, 0)
  }

  /** Goes on with the log of an engine that was killed: the output is written again from its beginning. */
  static async goOn(file: string, masker: Redactor): Promise<AttemptLog> {
    const handle = await open(file, constants.O_CREAT | constants.O_RDWR | constants.O_APPEND, 0o600)
    return new AttemptLog(handle, masker, (await handle.stat()).size)
  }

  private constructor(file: FileHandle, masker: Redactor, knownBytes: number) {
    this.#file = file
    this.#mask = masker.keptStream()
    this.#knownBytes = knownBytes
  }

  /** Whole lines where possible, masked, at most 4 KiB. */
  get lastOutput(): string {
    const text = this.#tail.toString('utf8')
    const firstLineEnd = text.indexOf('\n')
    const whole = this.#tail.length < tailBytes || firstLineEnd < 0 ? text : text.slice(firstLineEnd + 1)
    return whole.trimEnd()
  }

  async write(chunk: Uint8Array): Promise<void> {
    await this.flush()
    await this.take(chunk)
    await this.flush()
  }

  /** Takes a chunk over; it is on disk after the next `flush` that ends well. Only after such a one. */
  async take(chunk: Uint8Array): Promise<void> {
    this.#keep(await this.#mask.push(chunk))
  }

  /** Writes what was taken over; may be called again when the disk was full. */
  async flush(): Promise<void> {
    while (this.#unwritten.length > 0) {
      const { bytesWritten } = await this.#file.write(this.#unwritten)
      this.#unwritten = this.#unwritten.subarray(bytesWritten)
    }
  }

  /** Writes what the mask held back; nothing may be written afterwards. */
  async finish(): Promise<void> {
    await this.flush()
    this.#keep(await this.#mask.end())
    await this.flush()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close()
  }

  #keep(masked: Uint8Array): void {
    const known = Math.min(this.#knownBytes, masked.length)
    this.#knownBytes -= known
    this.#unwritten = masked.subarray(known)
    const joined = Buffer.concat([this.#tail, masked.subarray(-tailBytes)])
    this.#tail = Buffer.from(joined.subarray(-tailBytes))
  }
}

/**
 * Carries what has arrived in a spool into the log, from where it stopped before. One copy runs at a time. It reads
 * through the descriptor that the spool was made with: what the task may have put at its path is never opened. A copy
 * that failed, as the disk was full, loses nothing: the next one goes on where it stopped.
 */
export class SpoolCopy {
  readonly #log: AttemptLog
  readonly #spool: FileHandle
  #at = 0
  #running: Promise<void> | null = null
  #buffer: Buffer | null = null

  constructor(spool: FileHandle, log: AttemptLog) {
    this.#spool = spool
    this.#log = log
  }

  copy(): Promise<void> {
    this.#running ??= this.#copy().finally(() => {
      this.#running = null
    })
    return this.#running
  }

  /** Copies the rest. */
  async finish(): Promise<void> {
    await this.#running?.catch(() => undefined)
    await this.copy()
  }

  async #copy(): Promise<void> {
    await this.#log.flush()
    if ((await this.#spool.stat()).size <= this.#at) return
    this.#buffer ??= Buffer.allocUnsafe(chunkBytes)
    for (;;) {
      const { bytesRead } = await this.#spool.read(this.#buffer, 0, chunkBytes, this.#at)
      if (bytesRead === 0) return
      this.#at += bytesRead
      await this.#log.take(this.#buffer.subarray(0, bytesRead))
      await this.#log.flush()
    }
  }
}

/** Logs that somebody removed during a run do not keep the next task from running, nor an undo. */
async function openNew(file: string): Promise<FileHandle> {
  try {
    return await open(file, newFile, 0o600)
  } catch (error) {
    if (systemCodeOf(error) !== 'ENOENT') throw error
  }
  const runDir = dirname(file)
  try {
    // Not further up: without the state directory the record is gone as well.
    for (const dir of [dirname(runDir), runDir]) await makeMissing(dir)
    return await open(file, newFile, 0o600)
  } catch (cause) {
    throw new PlimsollError(
      'STATE_UNWRITABLE',
      `the log ${file} could not be made (${systemCodeOf(cause)})`,
      {
        cause,
      },
    )
  }
}

async function makeMissing(dir: string): Promise<void> {
  try {
    await mkdir(dir, { mode: 0o700 })
  } catch (error) {
    if (systemCodeOf(error) !== 'EEXIST') throw error
  }
}
