/**
 * SQLite can use the room of its log again only while nobody reads what was before: our own readings are short, another
 * process may keep one open for hours. Nothing is refused for that; it is told, once each time.
 */
import { PlimsollError } from '../errors.ts'
import type { Store } from '../store/store.ts'
import { formatSize } from '../units.ts'

const mebibyte = 1024 ** 2
/** Without such a reader it stays around 16 MiB, under a heavy load three times as much. */
const warnAboveBytes = 128 * mebibyte
const calmBelowBytes = 64 * mebibyte

export type OnWarning = (warning: PlimsollError) => void

export class LogWatch {
  readonly #store: Store
  readonly #onWarning: OnWarning
  #isTold = false

  constructor(store: Store, onWarning: OnWarning) {
    this.#store = store
    this.#onWarning = onWarning
  }

  look(): void {
    const { path, bytes } = this.#store.log() ?? { path: '', bytes: 0 }
    if (bytes < calmBelowBytes) this.#isTold = false
    if (bytes <= warnAboveBytes || this.#isTold) return
    this.#isTold = true
    this.#onWarning(
      new PlimsollError(
        'STATE_LOG_HELD',
        `${path} has grown to ${formatSize(bytes)}: another process has been reading from the database without a pause`,
      ),
    )
  }
}

/** Where nobody listens: on standard error, as Node.js tells of warnings. */
export const emitWarning: OnWarning = ({ code, message, fix }) =>
  process.emitWarning(message, { type: 'PlimsollWarning', code, detail: `fix: ${fix}` })
