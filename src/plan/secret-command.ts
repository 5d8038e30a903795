/** The value of a secret that a program prints, such as a password manager's. */
import { type ChildProcess, spawn } from 'node:child_process'
import type { Clock } from '../clock.ts'
import { messageOf, systemCodeOf } from '../errors.ts'
import { createRedactor } from '../redact/redact.ts'
import type { SecretSource } from '../spine.ts'
import { formatDuration } from '../units.ts'
import { show } from './problems.ts'

type CommandSource = Extract<SecretSource, { from: 'command' }>

export type CommandContext = {
  /** The whole environment of the command: a password manager finds its own token there. */
  readonly variables: NodeJS.ProcessEnv
  readonly clock: Clock
  readonly signal: AbortSignal
  /** The most that it may print, in bytes. */
  readonly mostBytes: number
  /** Secrets that are known already: what the command complains is shown without them. */
  readonly known: readonly string[]
}

/** So much of what it complains is kept, in bytes. */
const complaintBytes = 4 * 1024
/** The shortest text that is masked in a complaint, in characters. */
const shortestMasked = 4

/**
 * What the command printed, as bytes. Nothing is asked of a person: its standard input is empty. What it started is
 * stopped when it ends, when it prints too much, when its time is over and when the signal aborts.
 * @throws an Error whose message says why there is no value, and never has a value in it; the signal's reason.
 */
export async function printedBy(source: CommandSource, context: CommandContext): Promise<Buffer> {
  const { timeoutMs, dir } = source
  const [program = '', ...rest] = source.words
  const { clock, signal } = context
  signal.throwIfAborted()
  const child = spawn(program, rest, {
    cwd: dir,
    env: context.variables,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const name = `the command ${show(program)}`
  const done = new AbortController()
  const stop = AbortSignal.any([signal, done.signal])
  const late = clock.sleep(timeoutMs, stop).then(
    () => new Error(`${name} did not end within ${formatDuration(timeoutMs)}`),
    () => new Error('interrupted'),
  )
  try {
    const end = await Promise.race([endOf(child, context.mostBytes), late])
    signal.throwIfAborted()
    if (end instanceof Error) throw end
    if (end.exitCode === 0) return end.printed
    const how = end.exitCode === null ? `was killed by ${end.signal}` : `ended with exit code ${end.exitCode}`
    throw new Error(`${name} ${how}${complaintOf(end, context.known)}`)
  } catch (error) {
    signal.throwIfAborted()
    if (systemCodeOf(error) === undefined) throw error
    throw new Error(`${name} could not be started in ${dir} (${systemCodeOf(error)})`, { cause: error })
  } finally {
    done.abort()
    if (child.exitCode === null && child.signalCode === null) stopGroup(child)
    // A process that left the group may hold them open.
    child.stdout?.destroy()
    child.stderr?.destroy()
    child.unref()
  }
}

type End = {
  readonly exitCode: number | null
  readonly signal: NodeJS.Signals | null
  readonly printed: Buffer
  readonly complaint: Buffer
}

/** @throws an Error when it cannot be started or prints too much. */
function endOf(child: ChildProcess, mostBytes: number): Promise<End> {
  const { promise, resolve, reject } = Promise.withResolvers<End>()
  const printed: Buffer[] = []
  let printedBytes = 0
  let complaint: Buffer = Buffer.alloc(0)
  child.stdout?.on('data', (chunk: Buffer) => {
    printedBytes += chunk.length
    if (printedBytes <= mostBytes + 2) printed.push(chunk)
    else reject(new Error(`the command printed more than ${mostBytes} bytes`))
  })
  child.stderr?.on('data', (chunk: Buffer) => {
    complaint = Buffer.concat([complaint, chunk]).subarray(-complaintBytes)
  })
  child.once('error', reject)
  // What it left behind would keep its pipes open.
  child.once('exit', () => stopGroup(child))
  child.once('close', (exitCode, signal) =>
    resolve({ exitCode, signal, printed: Buffer.concat(printed), complaint }),
  )
  return promise
}

function stopGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
  } catch (error) {
    if (systemCodeOf(error) !== 'ESRCH' && systemCodeOf(error) !== 'EPERM') throw error
  }
}

/** The last lines of what it said, without any secret that is known, and without what it printed as its value. */
function complaintOf({ complaint, printed }: End, known: readonly string[]): string {
  const text = complaint.toString('utf8').trim()
  if (text === '') return ''
  const values = [...known, printed.toString('utf8')].filter((value) => value.trim().length >= shortestMasked)
  try {
    return `, saying: ${createRedactor(values).text(text).replaceAll(/\s+/g, ' ').slice(-1_000)}`
  } catch (error) {
    return `; what it said is not shown (${messageOf(error)})`
  }
}
