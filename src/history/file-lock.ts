/**
 * One writer of a file at a time, among all that ask here: a file beside it that names its holder. The lock of a holder
 * that has ended is taken over; so is one that cannot be seen from here and has not let go for long.
 */
import { randomUUID } from 'node:crypto'
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { Clock } from '../clock.ts'
import { systemCodeOf } from '../errors.ts'
import { hasProvablyEnded, identify, pidNamespace } from '../memory/memory.ts'
import type { ProcessIdentity } from '../spine.ts'

/** A holder needs some milliseconds. */
const lookEveryMs = 20
/** The same holder for so long has ended somewhere else, in another container or on another machine, or is stopped. */
const abandonedMs = 10_000

type Holder = { readonly identity: ProcessIdentity; readonly namespace: string | null }

/** Waits for its turn, however many are before it. @throws the system error where nothing can be written beside the file. */
export async function lockFile(target: string, clock: Clock): Promise<AsyncDisposable> {
  const lock = `${target}.lock`
  const own = JSON.stringify({
    identity: identify(process.pid, randomUUID()),
    namespace: pidNamespace(),
  } satisfies Holder)
  let seen = ''
  let seenAtMs = clock.monotonic()
  while (!(await isMade(lock, own))) {
    const holder = await textOf(lock)
    if (holder !== seen) {
      seen = holder
      seenAtMs = clock.monotonic()
    }
    if (hasEnded(holder) || clock.monotonic() - seenAtMs >= abandonedMs) await takeAway(lock, holder)
    else await clock.sleep(lookEveryMs)
  }
  return {
    [Symbol.asyncDispose]: async () => {
      if ((await textOf(lock)) === own) await rm(lock, { force: true })
    },
  }
}

async function isMade(lock: string, text: string): Promise<boolean> {
  try {
    await writeFile(lock, text, { flag: 'wx', mode: 0o644 })
    return true
  } catch (error) {
    if (systemCodeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Whoever takes it away is one; what was made in its place meanwhile is put back. */
async function takeAway(lock: string, holder: string): Promise<void> {
  const taken = `${lock}.${randomUUID()}`
  try {
    await rename(lock, taken)
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return
    throw error
  }
  if ((await textOf(taken)) !== holder) await link(taken, lock).catch(() => undefined)
  await rm(taken, { force: true })
}

/** Of text that is not whole yet nothing is known. */
function hasEnded(text: string): boolean {
  try {
    const { identity, namespace } = JSON.parse(text) as Holder
    return hasProvablyEnded(identity, namespace)
  } catch {
    return false
  }
}

const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '')
