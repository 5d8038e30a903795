import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** A full collection. A WeakRef keeps its target until the turn of the event loop has ended: await one before. */
export const collectGarbage = (): void => collect()
