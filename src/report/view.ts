/** What every view promises. */
import type { RunMessage } from '../spine.ts'

export type View = AsyncDisposable & {
  /** Takes every message of a run in order; what it returns is awaited, so that a slow reader slows the run. */
  show(message: RunMessage): void | Promise<void>
}
