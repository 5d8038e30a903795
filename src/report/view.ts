/** What every view promises. */
import type { RunMessage } from '../spine.ts'

export type View = AsyncDisposable & {
  /** Takes every message of a run in order; what it returns is awaited: with it a view may slow the run (only JSON does). */
  show(message: RunMessage): void | Promise<void>
}
