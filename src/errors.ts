/**
 * Every error a user can meet: one table, code -> how to fix it and which exit code the command line ends with.
 * `docs/errors.md` lists exactly these codes; a test compares the two.
 */

type ErrorEntry = { readonly exitCode: number; readonly fix: string }

export const errorTable = {
  // The command line and the plan: nothing was started.
  USAGE: { exitCode: 2, fix: 'Run "plimsoll --help" or "plimsoll COMMAND --help" to see what is accepted' },
  NODE_TOO_OLD: {
    exitCode: 2,
    fix: 'Install Node.js 24.15 or newer, or run it through the npm package "node@24"',
  },
  PLAN_UNREADABLE: {
    exitCode: 2,
    fix: 'Check the path and its permissions, or write a plan with "plimsoll init"',
  },
  PLAN_INVALID: {
    exitCode: 2,
    fix: 'Correct the places named above; "plimsoll schema" prints what a plan may contain',
  },
  SECRET_MISSING: {
    exitCode: 2,
    fix: 'Set the environment variable, or name a file that holds the secret or a command that prints it in the plan',
  },
  SECRET_TOO_SHORT: {
    exitCode: 2,
    fix: 'Use a longer value, or list it under "vars" when it is no secret',
  },
  SECRET_WRITTEN: {
    exitCode: 2,
    fix: 'Name it there as ${secrets.NAME}, or read it from the environment: the plan is recorded as it is',
  },
  APPROVAL_NEEDED: {
    exitCode: 5,
    fix: 'Look at "plimsoll show RUN"; then "plimsoll approve RUN" and "plimsoll resume RUN", or run it with --yes',
  },
  APPROVAL_DENIED: { exitCode: 1, fix: 'Talk to who denied it; then deploy again' },
  APPROVAL_UNASKED: {
    exitCode: 2,
    fix: 'See with "plimsoll show RUN" what asks, and with "plimsoll audit" who answered',
  },
  NEED_EXCEEDS_CAPACITY: {
    exitCode: 4,
    fix: 'Lower "memory.expect" of the task, raise --memory, or use a larger machine',
  },

  STDOUT_UNWRITABLE: {
    exitCode: 1,
    fix: 'Print to where there is room; what was done is recorded: read it with "plimsoll show"',
  },

  // The state directory and what is kept there.
  STATE_UNWRITABLE: { exitCode: 2, fix: 'Choose a directory that you may write with --state DIR' },
  STATE_FULL: {
    exitCode: 1,
    fix: 'Free space on the disk that holds the state directory, or choose another with --state DIR',
  },
  STATE_BUSY: { exitCode: 3, fix: 'Wait until the other process has finished, or use another --state DIR' },
  STATE_CORRUPT: {
    exitCode: 2,
    fix: 'Keep the directory, save from a copy what can be read (docs/state.md says how), and go on with another --state DIR',
  },
  STATE_ON_NETWORK: {
    exitCode: 2,
    fix: 'Keep the state on a disk of this machine with --state DIR, or the record in PostgreSQL with --database URL',
  },
  STATE_TOO_NEW: {
    exitCode: 2,
    fix: 'Nothing was changed: use the version of plimsoll that wrote it, or another --state DIR or --database URL',
  },
  STATE_LOG_HELD: {
    exitCode: 1,
    fix: 'End what reads from the database for so long, such as an open sqlite3; the room is used again and given back then',
  },
  STORE_FAILED: {
    exitCode: 1,
    fix: 'Read the cause; the state directory may be damaged or its disk failing',
  },
  STORE_CONFLICT: {
    exitCode: 1,
    fix: 'Somebody else changed what this depends on: look at it anew, with "plimsoll runs", and do it again',
  },
  DATABASE_URL_INVALID: {
    exitCode: 2,
    fix: 'Write postgres://USER:PASSWORD@HOST:PORT/DATABASE, other characters than letters and digits as %40 and the like',
  },
  DATABASE_UNREACHABLE: {
    exitCode: 2,
    fix: 'Check that the server runs, and host, port and TLS of --database or PLIMSOLL_DATABASE_URL',
  },
  DATABASE_REFUSED: {
    exitCode: 2,
    fix: 'Check user, password and name of the database, and that the user may create a schema in it',
  },
  DATABASE_LOST: {
    exitCode: 1,
    fix: 'Look after the server; what was recorded until then is kept: read it with "plimsoll show" when it is back',
  },
  LOG_UNREADABLE: {
    exitCode: 2,
    fix: 'Name a file that can be read, "-" for standard input, or a run of "plimsoll runs"',
  },
  LOCK_HELD: {
    exitCode: 3,
    fix: 'Wait for that run with --wait-for-lock DURATION, look at it with "plimsoll show RUN"; "plimsoll unlock" takes the lock away',
  },
  AUDIT_BROKEN: {
    exitCode: 1,
    fix: 'Keep the database for inspection: somebody changed the audit, or the disk did; compare it with what was sent elsewhere',
  },
  LOCK_LOST: {
    exitCode: 3,
    fix: 'Look at the run that has the lock with "plimsoll runs"; when it has ended, deploy again',
  },
  RUN_ACTIVE: {
    exitCode: 3,
    fix: 'Wait until it has ended, or stop it with Ctrl-C (SIGTERM) where it runs',
  },
  RUN_UNFINISHED: {
    exitCode: 2,
    fix: 'Go on with the run first ("plimsoll resume RUN"), or wait until it has ended',
  },
  RUN_CHANGED: {
    exitCode: 5,
    fix: 'Go on with the plan as it was recorded, as it is now, or start anew: see docs/resume.md',
  },
  DECISION_NEEDED: {
    exitCode: 5,
    fix: 'Find out how the tasks ended, and say so with "plimsoll resume RUN --task NAME=done|again|failed"',
  },
  RUN_UNKNOWN: { exitCode: 2, fix: 'List what is recorded with "plimsoll runs"' },
  HISTORY_INVALID: {
    exitCode: 2,
    fix: 'Correct or delete the line, or delete the file: it is made anew, and what is learned is then learned again',
  },
  HISTORY_UNWRITABLE: {
    exitCode: 1,
    fix: 'Name a file that you may write; what was learned is kept in the state directory as well',
  },

  // Queries.
  QUERY_INVALID: { exitCode: 2, fix: 'Correct what is named above' },
  QUERY_TOO_LARGE: {
    exitCode: 2,
    fix: 'Ask about less, or raise the limit where the text is larger than "maxTextMb"',
  },
  QUERY_DEADLINE: { exitCode: 1, fix: 'Ask again with a later deadline' },
  QUERY_UNKNOWN: { exitCode: 2, fix: 'List what is kept with "plimsoll queries list"' },
  QUERY_KEY_REUSED: {
    exitCode: 2,
    fix: 'Use another idempotency key: the query of this key asks something else',
  },
  QUERY_CURSOR_INVALID: {
    exitCode: 2,
    fix: 'Pass on the cursor of the page before, with the same filters and words, or begin without one',
  },
  QUERY_QUEUE_FULL: { exitCode: 1, fix: 'Submit it again when some of those that wait have been answered' },
  QUERY_ENDED: { exitCode: 1, fix: 'Ask anew: a query is submitted once' },
  QUERY_LOST: {
    exitCode: 1,
    fix: 'Nothing: another engine goes on with it, because this one gave no sign of life for too long',
  },
  QUERY_CLOSED: { exitCode: 1, fix: 'Use a QueryHandler until it is disposed, not after' },
  // The circle of experts.
  EXPERT_UNKNOWN: {
    exitCode: 2,
    fix: 'Name one that is listed under "circle" in plimsoll.config.yaml or in the plan, or "offline"',
  },
  EXPERT_KEY_MISSING: {
    exitCode: 2,
    fix: 'Set the environment variable, or name the file that holds the key under "key" of the expert',
  },
  EXPERT_REFUSED: {
    exitCode: 1,
    fix: 'Check the key, the name of the model and what the account may use; the server says no to this request',
  },
  EXPERT_UNREACHABLE: { exitCode: 1, fix: 'Check "baseUrl" of the expert, the network and a proxy' },
  EXPERT_NOT_A_MODEL: {
    exitCode: 1,
    fix: 'Correct "baseUrl" of the expert: something answers there, and it is no server of models',
  },
  EXPERT_FAILED: { exitCode: 1, fix: 'Ask again later; the server of the model has trouble' },
  EXPERT_TIMEOUT: {
    exitCode: 1,
    fix: 'Raise "timeout" of the expert or of the consultation, or ask a faster model',
  },
  EXPERT_ANSWER_CUT: {
    exitCode: 1,
    fix: 'Raise "maxOutputTokens" of the expert, or ask for less: what came is kept, and is no complete answer',
  },
  EXPERT_ANSWER_MALFORMED: {
    exitCode: 1,
    fix: 'Ask again or use a model that keeps to a schema: what came is kept, and counts as no vote',
  },
  EXPERT_QUESTION_TOO_LARGE: { exitCode: 2, fix: 'Ask about less, or name files with --attach' },
  EXPERT_SPENDING_LIMIT: {
    exitCode: 1,
    fix: 'Raise "spendingLimitUsd", lower "maxOutputTokens", or ask fewer or cheaper experts',
  },
  EXPERTS_TOO_FEW: {
    exitCode: 1,
    fix: 'See above why the others gave no complete answer; what was answered is kept',
  },
  EXPERTS_BUSY: { exitCode: 1, fix: 'Ask again when some of those that wait have been answered' },
  EXPERTS_CLOSED: { exitCode: 1, fix: 'Use an ExpertManager until it is disposed, not after' },

  EXPORT_UNWRITABLE: { exitCode: 1, fix: 'Name a file that you may write, where there is room' },

  // A task.
  TASK_FAILED: {
    exitCode: 1,
    fix: 'Read the last lines of its output, or all of it with "plimsoll logs RUN TASK"',
  },
  TASK_TIMEOUT: {
    exitCode: 1,
    fix: 'Raise "timeout" of the task, or find out what it waits for in its output',
  },
  TASK_MEMORY_EXCEEDED: { exitCode: 1, fix: 'Raise "memory" of the task, or make it use less' },
  TASK_KILLED_BY_KERNEL: {
    exitCode: 1,
    fix: 'Let fewer tasks run at once, declare what this one needs with "memory: { expect: ... }", or use a larger machine',
  },
  TASK_REQUEUED: {
    exitCode: 1,
    fix: 'Nothing: the task starts again when there is memory for it, and no attempt is lost',
  },
  ATTEMPT_LOST: {
    exitCode: 1,
    fix: 'Nothing: the task is attempted again, and the attempt does not count',
  },
  TASK_NOT_STARTED: {
    exitCode: 1,
    fix: 'Check that the command exists, may be executed, and that "dir" is a directory',
  },
  TASK_CANCELLED: { exitCode: 130, fix: 'Run the deployment again when you are ready' },
  CALL_NOT_FOUND: {
    exitCode: 1,
    fix: 'Write "call: ./module.ts#exportedFunction", with a path relative to the plan',
  },
  CALL_FAILED: { exitCode: 1, fix: 'Read the message and the output of the function' },
  CALL_UNCLONABLE: {
    exitCode: 1,
    fix: 'Pass and return plain data, or choose the place "inline": functions, sockets and the like cannot be copied',
  },
  WORKER_ENDED: {
    exitCode: 1,
    fix: 'Read the output of the function: it must return, and not call process.exit, crash or run out of memory',
  },
  PROBE_FAILED: {
    exitCode: 1,
    fix: 'Check that the service listens at this URL and answers as "expect" says',
  },
  HOOK_FAILED: {
    exitCode: 1,
    fix: 'Read its output with "plimsoll logs RUN TASK"; what was deployed is as the report says',
  },
  NOTIFY_FAILED: {
    exitCode: 1,
    fix: 'Check the address under "notify" and what answers there; how the run ended is recorded: read it with "plimsoll show"',
  },
  OUTPUT_INVALID: {
    exitCode: 1,
    fix: 'Append lines of the form key=value to the file named by $PLIMSOLL_OUTPUT',
  },
  OUTPUT_MISSING: {
    exitCode: 1,
    fix: 'Let the earlier task write this key, or give a default: ${tasks.NAME.outputs.KEY:-default}',
  },
  INPUTS_UNKNOWN: {
    exitCode: 1,
    fix: 'Make what "inputs" and "outputs" name readable and still; until then the task runs each time',
  },
  INPUTS_UNMATCHED: {
    exitCode: 1,
    fix: 'Correct the glob under "inputs", or leave it out: it is relative to the directory of the plan',
  },
  SERVICE_ENDED: {
    exitCode: 1,
    fix: 'A task with "detach: true" must keep running; read its output for the reason',
  },

  // Retries.
  RETRY_TIMEOUT: {
    exitCode: 1,
    fix: 'Raise "attemptTimeoutMs" or "totalTimeoutMs", or find out what the function waits for',
  },
  RETRY_MEMORY_EXCEEDED: {
    exitCode: 1,
    fix: 'Raise "memoryLimitMb", let the function hold less at once, or call it in a process of its own',
  },
  RETRY_PAYLOAD_TOO_LARGE: {
    exitCode: 2,
    fix: 'Send less, send it in parts, or raise "maxPayloadSizeMb"',
  },
  RETRY_CIRCUIT_OPEN: {
    exitCode: 1,
    fix: 'Wait until the other side has recovered; "resetAfterMs" says how often that is tried',
  },
  RETRY_BULKHEAD_FULL: {
    exitCode: 1,
    fix: 'Call less often, or raise "concurrency" or "queue" of the bulkhead',
  },
  RETRY_HOOK_FAILED: {
    exitCode: 1,
    fix: 'Correct the function of the settings that is named; the error of the attempt is kept beside its own',
  },

  // Metrics: what is asked of them, and texts that are read into them.
  METRIC_QUERY_INVALID: {
    exitCode: 2,
    fix: 'Correct the part of the query that is named; docs/metrics.md shows what may be asked',
  },
  METRIC_QUERY_TOO_LARGE: {
    exitCode: 2,
    fix: 'Ask for a shorter time, a longer step or fewer labels to group by',
  },
  METRICS_SERVE_FAILED: {
    exitCode: 1,
    fix: 'Choose another port with --port, or an address of this machine with --host',
  },
  METRIC_UNKNOWN: {
    exitCode: 2,
    fix: 'See with "plimsoll metrics names" and "plimsoll metrics summary" what is recorded',
  },
  METRICS_UNRECORDED: {
    exitCode: 1,
    fix: 'The run is not concerned; see why the database could not be written',
  },
  METRIC_TEXT_INVALID: {
    exitCode: 2,
    fix: 'Correct the line that is named; what stands before it and was acknowledged is kept',
  },
  METRIC_INVALID: {
    exitCode: 2,
    fix: 'Correct the sample: names and labels follow the rules of Prometheus, times are whole milliseconds, values numbers',
  },
  METRIC_TOO_MANY_SERIES: {
    exitCode: 2,
    fix: 'Leave out the label that has so many values (an id, a path), or raise "maxSeries" or "maxSeriesPerName"',
  },
  METRIC_CURSOR_INVALID: {
    exitCode: 2,
    fix: 'Use the cursor of a page of this very query, or begin without one',
  },
  METRIC_SOURCE_FAILED: {
    exitCode: 1,
    fix: 'Read the cause; "outcome.position" of the error says from where to send again',
  },
  METRIC_DATA_CORRUPT: {
    exitCode: 2,
    fix: 'Keep the database, save from a copy what can be read (docs/state.md says how)',
  },

  // Options and code that calls the library.
  POOL_CLOSED: { exitCode: 1, fix: 'Dispose of a pool only when nothing is to be called any more' },
  OPTION_INVALID: { exitCode: 2, fix: 'Correct the option; its unit and its range are in the documentation' },
  INTERRUPTED: { exitCode: 130, fix: 'Run the deployment again when you are ready' },
  INTERNAL: { exitCode: 1, fix: 'This is a defect of plimsoll; report it with the output of --debug' },
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof errorTable

/** What is recorded and reported of an error: no stack, no cause chain, plain values. */
export type ErrorFacts = { readonly code: ErrorCode; readonly message: string; readonly fix: string }

/**
 * The one error class that crosses doors. `message` says what happened and with which value, `fix` what to do;
 * the original error is kept as `cause`.
 */
export class PlimsollError extends Error {
  override readonly name = 'PlimsollError'
  readonly code: ErrorCode
  readonly fix: string
  readonly exitCode: number

  constructor(code: ErrorCode, message: string, options?: ErrorOptions & { readonly fix?: string }) {
    super(message, options)
    this.code = code
    this.fix = options?.fix ?? errorTable[code].fix
    this.exitCode = errorTable[code].exitCode
  }
}

/** Any thrown value as facts; what is not a PlimsollError gets `code`. Never throws. */
export function factsOf(thrown: unknown, code: ErrorCode = 'INTERNAL'): ErrorFacts {
  if (isError(thrown) && thrown instanceof PlimsollError) {
    return { code: thrown.code, message: thrown.message, fix: thrown.fix }
  }
  return { code, message: messageOf(thrown), fix: errorTable[code].fix }
}

/** The text of any thrown value; never empty, never throws. */
export function messageOf(thrown: unknown): string {
  try {
    return (
      String(thrown instanceof Error ? thrown.message || thrown.name : thrown) || 'an empty value was thrown'
    )
  } catch {
    return 'a value without a text was thrown'
  }
}

/** The `code` of a Node.js system error (`ENOENT`, `ENOSPC`, ...), or undefined. Never throws. */
/** What stopped a run: a person, who gives no reason, or an error. */
export function whyStopped({ reason }: AbortSignal): string {
  const isPerson = isError(reason) && reason.name === 'AbortError'
  return isPerson ? 'the run was interrupted' : `the run could not go on: ${messageOf(reason)}`
}

export function systemCodeOf(thrown: unknown): string | undefined {
  try {
    return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
      ? thrown.code
      : undefined
  } catch {
    return undefined
  }
}

/** `instanceof` alone throws for a revoked proxy, and user code can throw one. */
function isError(thrown: unknown): thrown is Error {
  try {
    return thrown instanceof Error
  } catch {
    return false
  }
}
