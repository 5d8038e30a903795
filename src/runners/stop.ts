import { isSameProcess } from '../memory/memory.ts'
import { AttemptLog } from './attempt-log.ts'
import { endAll } from './terminate.ts'
import type { Runner } from './words.ts'

/** Stops the service that this task started, and all of its processes; nothing to do when it has ended by itself. */
export const stopService: Runner<'stop'> = async (attempt) => {
  const { service, instruments, killSignal } = attempt
  await using log = await AttemptLog.open(attempt.files.log, attempt.masker)
  if (!service || !isSameProcess(service)) {
    await log.write(Buffer.from('the service was not running any more\n'))
    return {}
  }
  const task = { pid: service.pid, token: service.token }
  await endAll(() => instruments.finder.leftovers(task), { killSignal, clock: instruments.clock })
  await log.write(Buffer.from(`stopped the service with process id ${service.pid}\n`))
  return {}
}
