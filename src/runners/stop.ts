import { isSameProcess } from '../memory/memory.ts'
import { AttemptLog } from './attempt-log.ts'
import { endAll } from './terminate.ts'
import type { Runner } from './words.ts'

/** Stops the service that this task started, and all of its processes; nothing to do when it has ended by itself. */
export const stopService: Runner<'stop'> = async (attempt) => {
  const { service, instruments, killSignal } = attempt
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  const { finder, clock } = instruments
  const alive = (): readonly number[] => {
    if (!service) return []
    // Its pid may belong to a stranger by now; its token cannot.
    return isSameProcess(service) ? finder.leftovers(service) : finder.findByToken(service.token)
  }
  if (!service || alive().length === 0) {
    await log.write(Buffer.from('the service was not running any more\n'))
    return {}
  }
  await endAll(alive, { killSignal, clock })
  await log.write(Buffer.from(`stopped the service with process id ${service.pid}\n`))
  return {}
}
