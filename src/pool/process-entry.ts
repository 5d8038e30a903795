/**
 * Runs in a worker process: one job at a time. It ends when its engine does, but not before the job that runs has
 * ended.
 */
import { faultOf } from './faults.ts'
import { Context, countRunning, faultOfCall, findFunction, replaceEnvironment } from './perform.ts'
import type { FromProcess, ToProcess } from './process-words.ts'

type Request = Exclude<ToProcess, 'stop'>

let context: Context | undefined

process.on('message', (message: ToProcess) => {
  if (message === 'stop') context?.stop()
  else void perform(message)
})
process.on('SIGTERM', () => (context ? context.stop() : process.exit(0)))
process.on('disconnect', () => {
  if (!context) process.exit(0)
})
process.on('uncaughtExceptionMonitor', (error) => tell({ how: 'dying', what: faultOf(error) }))

async function perform(request: Request): Promise<void> {
  context = new Context()
  const activeBefore = countRunning()
  let restore: (() => void) | undefined
  let startMs = performance.now()
  let cpuBefore = process.cpuUsage()
  let end: Pick<FromProcess, 'how' | 'what'>
  try {
    restore = enter(request)
    const found = await findFunction(request.module, request.exportName)
    startMs = performance.now()
    cpuBefore = process.cpuUsage()
    end = { how: 'value', what: await found(request.argument, context) }
  } catch (error) {
    end = { how: 'fault', what: faultOfCall(error) }
  }
  const { user, system } = process.cpuUsage(cpuBefore)
  const durationMs = performance.now() - startMs
  // A rejection that nobody handles ends this process here, and fails this job.
  await new Promise((next) => setImmediate(next))
  restore?.()
  context = undefined
  const residentBytes = process.memoryUsage.rss()
  const leftRunning = countRunning() > activeBefore
  const measured = { cpuMs: (user + system) / 1_000, durationMs, residentBytes, leftRunning }
  await tell({ ...measured, ...end } as FromProcess)
  if (!process.connected) process.exit(0)
}

function enter({ environment, directory }: Request): () => void {
  const before = process.cwd()
  if (directory !== null) process.chdir(directory)
  const restore = environment === null ? undefined : replaceEnvironment(environment)
  return () => {
    restore?.()
    if (directory !== null) process.chdir(before)
  }
}

/** Resolves when it is on its way, or when nobody is there to hear it. */
async function tell(message: FromProcess): Promise<void> {
  if (!process.connected) return
  try {
    await new Promise<void>((done) => process.send?.(message, undefined, {}, () => done()))
  } catch (error) {
    if (message.how === 'value')
      await tell({ ...message, how: 'fault', what: faultOf(error, 'CALL_UNCLONABLE') })
  }
}
