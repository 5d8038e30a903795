import { systemCodeOf } from '../src/errors.ts'

/** For processes that were found a moment ago: they may have ended by themselves since. */
export function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH') throw error
  }
}
