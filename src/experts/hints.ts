/** The last resort: words that a person would go by, in lines near a failure that no rule knows. */
import type { CauseName } from './causes.ts'
import type { LogFindings, Place } from './findings.ts'
import { alikeCauses } from './likeness.ts'
import { givingUp } from './outcome.ts'
import { parsePhrase } from './phrase.ts'
import { withoutPrefix } from './plain-line.ts'
import type { RankedCause } from './rank.ts'
import { isSoft } from './severity.ts'
import type { Rule } from './words.ts'

type Hint = { readonly about: string; readonly words: readonly string[] }

const hints: Readonly<Partial<Record<CauseName, Hint>>> = {
  oom: {
    about: 'memory',
    words: ['not enough memory', 'memory limit', 'memory exhausted', 'insufficient memory'],
  },
  'disk-full': {
    about: 'disk',
    words: [
      'disk is full',
      'disk full',
      'no free space',
      'insufficient disk',
      'not enough space',
      'not enough disk',
    ],
  },
  'port-in-use': {
    about: 'port',
    words: ['port is taken', 'address is already', 'port conflict'],
  },
  permission: {
    about: 'permission',
    words: [
      'permission',
      'not permitted',
      'forbidden',
      'access denied',
      'not authorized',
      'not allowed',
      'insufficient scope',
      'read-only file system',
    ],
  },
  auth: {
    about: 'authentication',
    words: [
      'unauthorized',
      'unauthenticated',
      'credential',
      'authentication',
      'login failed',
      'password',
      'api key',
      'invalid token',
      'token expired',
      'expired token',
    ],
  },
  dns: {
    about: 'names of hosts',
    words: ['resolve host', 'unknown host', 'hostname', 'name resolution'],
  },
  'connection-refused': {
    about: 'refused connections',
    words: ['connection refused', 'refused'],
  },
  network: {
    about: 'the network',
    words: ['connection', 'network', 'socket', 'disconnected'],
  },
  tls: { about: 'certificates', words: ['certificate', 'ssl', 'tls', 'x509'] },
  timeout: {
    about: 'time',
    words: ['timeout', 'timed out', 'deadline', 'took too long'],
  },
  'rate-limit': {
    about: 'rates',
    words: ['rate limit', 'throttl', 'too many requests'],
  },
  'remote-unavailable': {
    about: 'a remote service',
    words: [
      'unavailable',
      'bad gateway',
      'server error',
      'status 500',
      'status 502',
      'status 503',
      'status 504',
      'status: 500',
      'status: 502',
      'status: 503',
    ],
  },
  quota: {
    about: 'quotas',
    words: [
      'quota',
      'limit reached',
      'limit exceeded',
      'exceeds the limit',
      'exceeded the limit',
      'too large',
    ],
  },
  'command-not-found': {
    about: 'a command',
    words: ['command not found', 'executable not found', 'no such command', 'unknown command'],
  },
  'file-not-found': {
    about: 'a file',
    words: [
      'no such file',
      'file not found',
      'does not exist',
      'cannot open',
      'could not open',
      'cannot find the file',
      'path not found',
      'directory not found',
      'missing file',
    ],
  },
  'env-missing': {
    about: 'the environment',
    words: ['environment variable', 'env var', 'environment variables'],
  },
  'dependency-missing': {
    about: 'dependencies',
    words: [
      'package not found',
      'missing dependency',
      'missing dependencies',
      'module not found',
      'could not find package',
      'cannot find package',
      'cannot find module',
      'unresolved',
      'not installed',
    ],
  },
  'dependency-conflict': {
    about: 'versions of dependencies',
    words: ['incompatible', 'version conflict', 'conflicting', 'lock file', 'lockfile'],
  },
  'runtime-version-mismatch': {
    about: 'versions',
    words: [
      'unsupported version',
      'version mismatch',
      'requires version',
      'requires at least',
      'minimum version',
      'not compatible with',
    ],
  },
  'compile-error': {
    about: 'compiling',
    words: ['compilation', 'compile', 'compiler', 'build failed'],
  },
  'syntax-error': {
    about: 'syntax',
    words: ['syntax', 'parse error', 'parsing', 'unexpected token', 'unexpected end'],
  },
  'test-failure': {
    about: 'tests',
    words: ['test failed', 'tests failed', 'failing test', 'assertion', 'expected:'],
  },
  'config-error': {
    about: 'configuration',
    words: [
      'configuration',
      'config',
      'invalid',
      'unrecognized',
      'not a valid',
      'not valid',
      'unknown option',
      'unsupported',
      'is required',
      'must be',
      'misconfigured',
    ],
  },
  'already-exists': {
    about: 'what is there already',
    words: ['already exists', 'already own', 'conflict', 'already in use', 'duplicate'],
  },
  'not-found-remote': {
    about: 'what is not there',
    words: ['404', 'not found'],
  },
  'db-error': { about: 'SQL', words: ['sql', 'query'] },
  'db-unavailable': { about: 'a database', words: ['database'] },
  'migration-failed': { about: 'a migration', words: ['migration', 'migrate'] },
  'data-corrupt': {
    about: 'damaged data',
    words: ['corrupt', 'checksum', 'integrity', 'truncated'],
  },
  'quality-gate': {
    about: 'files that are not as they were committed',
    words: ['diff --git a/', 'uncommitted', 'not formatted'],
  },
  cancelled: {
    about: 'a stop from outside',
    words: ['cancelled', 'canceled', 'interrupted', 'terminated'],
  },
  'lock-held': {
    about: 'a lock',
    words: ['is locked', 'lock timeout', 'acquire lock', 'in progress'],
  },
  crash: {
    about: 'a crash',
    words: ['crashed', 'core dump', 'fatal signal'],
  },
  scheduling: {
    about: 'a place to run',
    words: ['no capacity', 'insufficient capacity', 'no available node', 'no available runner'],
  },
  'probe-failed': {
    about: 'a health check',
    words: ['health check', 'healthcheck', 'unhealthy', 'not ready', 'did not become ready'],
  },
  'program-error': {
    about: 'an exception',
    words: ['exception', 'panic', 'out of range', 'null pointer', 'uncaught', 'unhandled', 'stack trace'],
  },
}

export type Guesses = {
  /** By words that people go by. */
  readonly hinted: readonly RankedCause[]
  /** By the words of rules: good for second and third place only. Takes some 20 ms the first time. */
  readonly alike: () => readonly RankedCause[]
}

/** Lines before the place where the failure was noticed, and after it, in which words count. */
const before = 50
const after = 5

/**
 * Causes of which the last lines speak, the nearest first, and those whose rules use the same words: for when no rule
 * knows any of them, or fewer than are asked for. What they say of themselves tells that they are guesses.
 */
export function guessedCauses(logs: readonly LogFindings[], isFamiliar: (place: Place) => boolean): Guesses {
  const places = logs.flatMap(nearTheFailure).filter(({ place }) => !isFamiliar(place))
  const causes = new Map<CauseName, RankedCause>()
  for (const { place } of places.toReversed()) {
    const line = place.whole.toLowerCase()
    for (const [cause, hint] of Object.entries(hints) as [CauseName, Hint][]) {
      const word = hint.words.find((text) => line.includes(text))
      if (word !== undefined && !causes.has(cause)) causes.set(cause, hinted(cause, hint, { place, word }))
    }
  }
  const distances = new Map(places.map(({ place, distance }) => [place, distance]))
  return {
    hinted: [...causes.values()].slice(0, mostHints),
    alike: () =>
      alikeCauses([...distances.keys()], (place) => distances.get(place) ?? 0).map(({ cause, place }) =>
        guess(cause, likenessSays, { place, word: '' }),
      ),
  }
}

/** With likeness after two of them more guesses are right than with any other number. */
const mostHints = 2
const likenessSays = 'No rule knows these words; rules for this cause have the most of them.'

type Near = { readonly place: Place; readonly distance: number }

function nearTheFailure(log: LogFindings): readonly Near[] {
  const { end, failure, trouble } = log.marks
  const { failedStepLine, cleanupLine } = givingUp(log)
  const last = end.at(-1)?.line ?? failure.at(-1)?.line ?? log.lines
  const givenUp = Math.min(failedStepLine, cleanupLine)
  const noticed = Math.min(givenUp, last)
  return trouble
    .filter(
      ({ line, whole }) =>
        line >= noticed - before && line <= Math.min(noticed + after, givenUp) && !isHarmless(whole),
    )
    .map((place) => ({ place, distance: Math.abs(noticed - place.line) }))
}

/** Warnings, who gives up without a reason, counts of nothing, tests that are left out or may fail, what is fetched or compiled: names of any words. */
const harmless =
  /\bwarn|\b0 (?:error|fail)|no errors?\b|(?:errors|failed): 0|\b(?:skipped|xfail)\b|^\W{0,4}(?:Download|Fetch|Collect|Compil|Check|Build|Install|Unpack|Using)ing\b|^\W{0,4}Downloaded\b|\bGET 200\b|^ScriptException: |Build failed with an exception|^BUILD FAIL|completed with exit code|^make\b.{0,80}\*\*\*|^\[Help|^Re-run |^For more information/i

const isHarmless = (whole: string): boolean => isSoft(whole) || harmless.test(withoutPrefix(whole))

type Said = { readonly place: Place; readonly word: string }

const hinted = (cause: CauseName, { about }: Hint, said: Said): RankedCause =>
  guess(cause, `No rule knows these words; they speak of ${about}.`, said)

function guess(cause: CauseName, says: string, { place, word }: Said): RankedCause {
  const rule: Rule = { id: `hint-${cause}`, cause, phrases: [word], says, log: word, source: 'common words' }
  return { cause, score: 0, findings: [{ ...place, rule, phrase: parsePhrase(word, true), soft: false }] }
}
