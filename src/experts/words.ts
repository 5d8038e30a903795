/** What the expert is made of: rules, what they found, and what is known without a log. */
import type { ErrorFacts } from '../errors.ts'
import type { Enforcement } from '../spine.ts'
import type { CauseName } from './causes.ts'

/**
 * How much a message says of the cause.
 * - `fact`: there is no other way to read it (the kernel killed it, the disk is full).
 * - `root`: a tool names the cause in its own words.
 * - `step`: a tool names the work that failed (compiling, tests); the cause unless something there says more.
 * - `maybe`: words that also stand in healthy logs; a cause only where something failed and nothing else is known.
 */
export type Depth = 'fact' | 'root' | 'step' | 'maybe'

/** One kind of failure as one tool tells it. Rules are data: see docs/diagnosis.md. */
export type Rule = {
  /** Unique; begins with the tool. */
  readonly id: string
  readonly cause: CauseName
  /** What else the same words may be called, the likeliest first; what any rule's cause may be called is in `kin.ts`. */
  readonly also?: readonly CauseName[]
  /** Default `root`. */
  readonly depth?: Depth
  /** What the tool prints, with `{name}` for what varies: see `phrase.ts`. One of them is enough. */
  readonly phrases: readonly string[]
  /** A line that has one of these is not meant. */
  readonly unless?: readonly string[]
  /** Upper and lower case are the same. Default false: tools spell their messages one way. */
  readonly anyCase?: boolean
  /** What happened, for people, with `{name}` of the phrases. Default: what the cause's entry says. */
  readonly says?: string
  /** What to do where that is more exact than the cause's own advice; may have `{name}`. */
  readonly next?: readonly string[]
  /** A log that the rule is tested on. */
  readonly log: string
  /** Who prints it, and where in its source or documentation. */
  readonly source: string
}

/**
 * A line that tells that something failed or ended well, and nothing of why. `end`: who ran the work gives up;
 * `failure`: something in it reports a failure, perhaps one that does not matter; `trouble`: a word that a person would
 * look for; `verdict`: a CI system or a build tool says that the whole work failed; `placed`: a pod has its node, or its
 * image; `pod`: how its containers are now; `cleanup`: from here on only cleaning up follows; `success`: the whole work
 * ended well; `passed`: a step of it did (tests, a build, an installation); `recovered`: a connection that was waited
 * for is there; `ignored`: what failed just before is ignored; `retry`: it will be tried again; `migrating`: a change of
 * a database's schema begins; `step`: so does a step of a CI system.
 */
export type Mark = {
  readonly kind:
    | 'end'
    | 'verdict'
    | 'placed'
    | 'pod'
    | 'failure'
    | 'success'
    | 'passed'
    | 'recovered'
    | 'ignored'
    | 'retry'
    | 'cleanup'
    | 'trouble'
    | 'migrating'
    | 'step'
  readonly phrases: readonly string[]
  readonly anyCase?: boolean
  readonly unless?: readonly string[]
}

/** A log, or a part of one. */
export type Log = {
  /** Shown to people. */
  readonly name: string
  /** Its bytes, in order. */
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>
  /** False when its first line is not the first of the log. Default true. */
  readonly isNumbered?: boolean
  /** So much was left out after its end: it is not the end of the log. Default 0. */
  readonly skippedAfterBytes?: number
}

/** What the engine itself knows of the attempt: facts, where a log is a witness. */
export type EngineFacts = {
  readonly error?: ErrorFacts | undefined
  readonly exitCode?: number | null | undefined
  readonly peakMemoryBytes?: number | null | undefined
  readonly limitBytes?: number | null | undefined
  readonly requeues?: number | undefined
  /** The guard had it wait for so long, in milliseconds. */
  readonly suspendedMs?: number | undefined
  /** Of all its attempts, as the next one, in milliseconds. */
  readonly durationMs?: number | undefined
  /** Of the processor; null where nobody measured it. */
  readonly cpuMs?: number | null | undefined
  readonly enforcement?: Enforcement
}

export type Evidence = {
  readonly logs: readonly Log[]
  readonly facts?: EngineFacts
  /** Logs of earlier attempts of the same task that succeeded: what they say as well weighs little. */
  readonly earlier?: readonly Log[]
  /** Why the task's own log is not among them, such as "its log is gone": then the diagnosis says so. */
  readonly unread?: string
  /** True when the logs are not all that was written: then the diagnosis says so. */
  readonly partial?: { readonly readBytes: number; readonly ofBytes: number }
}
