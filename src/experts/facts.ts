/** What the engine itself saw of an attempt: where it is decisive, the log only says how it came to that. */
import type { ErrorCode } from '../errors.ts'
import { formatDuration, formatSize } from '../units.ts'
import type { CauseName } from './causes.ts'
import type { EngineFacts } from './words.ts'

/** What of the log goes before a fact: nothing, what ends processes by signals, or any line that names a cause. */
export type YieldsTo = 'nothing' | 'what ends processes' | 'any line'

type Decision = {
  readonly cause: CauseName
  readonly says: string
  /** Default: see the table that it is in. */
  readonly yieldsTo?: YieldsTo
}

/** Errors of the engine that leave no doubt. The others are read like a line of the log: their message has words of tools. */
const byError: Readonly<Partial<Record<ErrorCode, Decision>>> = {
  TASK_KILLED_BY_KERNEL: { cause: 'oom', says: 'The kernel killed the task because memory ran out.' },
  TASK_MEMORY_EXCEEDED: {
    cause: 'oom',
    says: 'The engine stopped the task because it went over its memory limit.',
  },
  TASK_REQUEUED: { cause: 'oom', says: 'The guard stopped the task to keep the machine above water.' },
  TASK_TIMEOUT: { cause: 'timeout', says: 'The engine stopped the task because its timeout was over.' },
  TASK_CANCELLED: { cause: 'cancelled', says: 'The task was stopped because the run was.' },
  STATE_FULL: {
    cause: 'disk-full',
    says: 'The disk that holds the state directory is full: the output of the task found no room.',
  },
  OUTPUT_INVALID: {
    cause: 'config-error',
    says: 'What the task wrote to $PLIMSOLL_OUTPUT is not key=value.',
  },
  OUTPUT_MISSING: {
    cause: 'config-error',
    says: 'An output that this task uses was not written by the earlier task.',
  },
  // What it was answered is read like a line of a log, and says more.
  PROBE_FAILED: {
    cause: 'probe-failed',
    says: 'The service did not answer as the probe expects.',
    yieldsTo: 'any line',
  },
  CALL_NOT_FOUND: { cause: 'file-not-found', says: 'The module or the function of the task is not there.' },
}

/**
 * Exit codes of shells that have one meaning (POSIX, "Exit Status for Commands"). That a signal ended the task is a fact;
 * programs abort themselves, and shells say 126, 127 and 141, for many reasons: there any line says more.
 */
const byExitCode: ReadonlyMap<number, Decision> = new Map([
  [
    126,
    {
      yieldsTo: 'any line',
      cause: 'permission',
      says: 'The command was found but may not be executed (exit code 126).',
    },
  ],
  [
    127,
    { yieldsTo: 'any line', cause: 'command-not-found', says: 'A command was not found (exit code 127).' },
  ],
  [
    129,
    {
      cause: 'cancelled',
      says: 'The task ended by SIGHUP (exit code 129): its terminal or session was closed.',
    },
  ],
  [130, { cause: 'cancelled', says: 'The task ended by SIGINT (exit code 130).' }],
  [131, { cause: 'cancelled', says: 'The task was told to end by SIGQUIT (exit code 131), as by Ctrl-\\.' }],
  [132, { cause: 'crash', says: 'The task ended by SIGILL (exit code 132).' }],
  [133, { cause: 'crash', says: 'The task ended by SIGTRAP (exit code 133).' }],
  [134, { yieldsTo: 'any line', cause: 'crash', says: 'The task aborted (SIGABRT, exit code 134).' }],
  [135, { cause: 'crash', says: 'The task ended by SIGBUS (exit code 135).' }],
  [136, { cause: 'crash', says: 'The task ended by SIGFPE (exit code 136).' }],
  [
    137,
    {
      yieldsTo: 'any line',
      cause: 'oom',
      says: 'The task got SIGKILL from outside (exit code 137), as the kernel does when memory runs out.',
    },
  ],
  [139, { cause: 'crash', says: 'The task ended by SIGSEGV (exit code 139).' }],
  [
    138,
    { cause: 'cancelled', says: 'The task was ended by SIGUSR1 (exit code 138), which it does not handle.' },
  ],
  [
    140,
    { cause: 'cancelled', says: 'The task was ended by SIGUSR2 (exit code 140), which it does not handle.' },
  ],
  [
    141,
    {
      yieldsTo: 'any line',
      cause: 'program-error',
      says: 'The task wrote into a pipe that nobody reads any more (SIGPIPE, exit code 141), as to "| head" under "set -o pipefail".',
    },
  ],
  [
    142,
    { cause: 'timeout', says: 'The time that the task had given itself was over (SIGALRM, exit code 142).' },
  ],
  [143, { cause: 'cancelled', says: 'The task was told to end by SIGTERM (exit code 143).' }],
  [
    152,
    {
      cause: 'resource-limit',
      says: 'The task used more CPU time than it may (SIGXCPU, exit code 152; "ulimit -t").',
    },
  ],
  [
    153,
    {
      cause: 'resource-limit',
      says: 'The task wrote a file larger than it may (SIGXFSZ, exit code 153; "ulimit -f").',
    },
  ],
  [
    159,
    {
      cause: 'crash',
      says: 'The task made a system call that it may not make, as under seccomp (SIGSYS, exit code 159).',
    },
  ],
])

const killed = 137
/** The kernel counts its kills in the task's own control group, and the engine looks there. */
const fromOutside: Decision = {
  cause: 'cancelled',
  says: 'The task got SIGKILL from outside: a person or another program ended it, not the kernel for want of memory.',
}

/** Causes that the log may name for an end by a signal. */
const endsProcesses: ReadonlySet<CauseName> = new Set<CauseName>([
  ...(['oom', 'timeout', 'cancelled', 'crash', 'ci-infra', 'resource-limit', 'disk-full'] as const),
])

export type FactCause = Decision & {
  readonly yieldsTo: YieldsTo
  /** The facts in a line. */
  readonly text: string
}

export function causeOfFacts(facts: EngineFacts): FactCause | null {
  const text = textOf(facts)
  const { error, exitCode, enforcement } = facts
  const decision = error && byError[error.code]
  if (decision) {
    const says = error.code === 'TASK_TIMEOUT' ? `${decision.says}${whatItDid(facts)}` : decision.says
    return { yieldsTo: 'nothing', ...decision, says, text }
  }
  if (exitCode === killed && enforcement === 'hard') return { ...fromOutside, yieldsTo: 'nothing', text }
  if (typeof exitCode !== 'number' || exitCode === 0) return null
  const ofKill = exitCode === killed ? 'what ends processes' : 'any line'
  if (isOverLimit(facts)) return { ...overLimit(facts), yieldsTo: ofKill, text }
  const coded = byExitCode.get(exitCode)
  return coded ? { yieldsTo: 'what ends processes', ...coded, text } : null
}

/** So much of its time at the processor is work. Less says nothing: of processes that were ended with it not all is known. */
const working = 0.8

function whatItDid({ durationMs, cpuMs }: EngineFacts): string {
  if (!durationMs || !cpuMs || cpuMs < working * durationMs) return ''
  return ` It was working, not waiting: ${formatDuration(cpuMs)} of ${formatDuration(durationMs)} at the processor.`
}

/** Whether the first cause that the log names goes before the fact. */
export const goesBefore = (first: CauseName | undefined, { yieldsTo }: FactCause): boolean =>
  first !== undefined &&
  (yieldsTo === 'any line' || (yieldsTo === 'what ends processes' && endsProcesses.has(first)))

/** Where the limit is hard, the kernel has seen to it. */
const isOverLimit = ({ peakMemoryBytes, limitBytes, enforcement }: EngineFacts): boolean =>
  enforcement !== 'hard' && (peakMemoryBytes ?? 0) > (limitBytes ?? Number.POSITIVE_INFINITY)

const overLimit = ({ peakMemoryBytes, limitBytes }: EngineFacts): Decision => ({
  cause: 'oom',
  says: `The task used more memory than its limit: ${formatSize(peakMemoryBytes ?? 0)} of ${formatSize(limitBytes ?? 0)}.`,
})

function textOf({
  error,
  exitCode,
  peakMemoryBytes,
  limitBytes,
  requeues,
  suspendedMs,
}: EngineFacts): string {
  const parts = [
    error && `${error.code} ${error.message}`,
    typeof exitCode === 'number' && !error?.message.includes('exit code') && `exit code ${exitCode}`,
    peakMemoryBytes && `peak memory ${formatSize(peakMemoryBytes)}`,
    limitBytes && `limit ${formatSize(limitBytes)}`,
    requeues && `put back in the queue ${requeues} times`,
    suspendedMs && `suspended by the guard for ${formatDuration(suspendedMs)}`,
  ]
  return parts.filter(Boolean).join(', ')
}
