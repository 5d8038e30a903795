import { send } from './terminate.ts'

/** Process groups that run now; as many as tasks run at once. */
const groups = new Set<number>()
let listening = false

/** Whatever ends the engine in an orderly way (an inline function may call `process.exit`), the group ends with it. */
export function endWithEngine(pid: number): Disposable {
  if (!listening) {
    process.on('exit', () => {
      for (const group of groups) send(-group, 'SIGKILL')
    })
  }
  listening = true
  groups.add(pid)
  return { [Symbol.dispose]: () => void groups.delete(pid) }
}
