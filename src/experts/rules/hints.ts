/** Words that a person would go by where no tool's own words are known: only in lines that tell of a failure. */
import type { CauseName } from '../causes.ts'
import type { Rule } from '../words.ts'

const failing = [
  'error',
  'fail',
  'fatal',
  'cannot',
  'could not',
  'unable',
  "can't",
  'exception',
  'panic',
  'critical',
  'abort',
]
const harmless = ['0 error', 'no error', 'errors: 0', '0 failed', 'failed: 0', 'warning', 'if-no-files-found']

type Hint = { readonly about: string; readonly words: readonly string[]; readonly log: string }

const hints: Readonly<Partial<Record<CauseName, Hint>>> = {
  oom: {
    about: 'memory',
    words: ['not enough memory', 'memory limit', 'memory exhausted', 'insufficient memory'],
    log: 'worker failed: not enough memory to continue',
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
    log: 'upload failed: disk is full',
  },
  'port-in-use': {
    about: 'port',
    words: ['port is taken', 'address is already', 'port conflict'],
    log: 'error: the port is taken',
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
    log: 'error: access denied to bucket',
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
    log: 'error: the credential was not accepted',
  },
  dns: {
    about: 'names of hosts',
    words: ['resolve host', 'unknown host', 'hostname', 'name resolution'],
    log: 'error: unknown host db',
  },
  'connection-refused': {
    about: 'refused connections',
    words: ['connection refused', 'refused'],
    log: 'error: peer refused',
  },
  network: {
    about: 'the network',
    words: ['connection', 'network', 'socket', 'disconnected'],
    log: 'error: connection lost',
  },
  tls: { about: 'certificates', words: ['certificate', 'ssl', 'tls', 'x509'], log: 'error: bad certificate' },
  timeout: {
    about: 'time',
    words: ['timeout', 'timed out', 'deadline', 'took too long'],
    log: 'error: timeout in step 3',
  },
  'rate-limit': {
    about: 'rates',
    words: ['rate limit', 'throttl', 'too many requests'],
    log: 'error: request was throttled',
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
    log: 'error: upstream gave status 503',
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
    log: 'error: quota of the team',
  },
  'command-not-found': {
    about: 'a command',
    words: ['command not found', 'executable not found', 'no such command', 'unknown command'],
    log: 'error: unknown command shipit',
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
    log: 'error: the folder dist does not exist',
  },
  'env-missing': {
    about: 'the environment',
    words: ['environment variable', 'env var', 'environment variables'],
    log: 'fatal: no environment variable for the key',
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
    log: 'error: libfoo is not installed',
  },
  'dependency-conflict': {
    about: 'versions of dependencies',
    words: ['incompatible', 'version conflict', 'conflicting', 'lock file', 'lockfile'],
    log: 'error: incompatible packages',
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
    log: 'error: unsupported version of the interpreter',
  },
  'compile-error': {
    about: 'compiling',
    words: ['compilation', 'compile', 'compiler', 'build failed'],
    log: 'error: compilation of unit 3',
  },
  'syntax-error': {
    about: 'syntax',
    words: ['syntax', 'parse error', 'parsing', 'unexpected token', 'unexpected end'],
    log: 'error: bad syntax',
  },
  'test-failure': {
    about: 'tests',
    words: ['test failed', 'tests failed', 'failing test', 'assertion', 'expected:'],
    log: 'error: assertion did not hold',
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
    log: 'error: the setting must be a number',
  },
  'already-exists': {
    about: 'what is there already',
    words: ['already exists', 'already in use', 'duplicate'],
    log: 'error: the release already exists',
  },
  'not-found-remote': {
    about: 'what is not there',
    words: ['404', 'not found'],
    log: 'error: release not found',
  },
  'db-error': { about: 'SQL', words: ['sql', 'query'], log: 'error: sql statement was turned down' },
  'db-unavailable': { about: 'a database', words: ['database'], log: 'error: no database' },
  'migration-failed': { about: 'a migration', words: ['migration', 'migrate'], log: 'error: migration 12' },
  'data-corrupt': {
    about: 'damaged data',
    words: ['corrupt', 'checksum', 'integrity', 'truncated'],
    log: 'error: corrupt archive',
  },
  cancelled: {
    about: 'a stop from outside',
    words: ['cancelled', 'canceled', 'interrupted', 'terminated', 'aborted'],
    log: 'error: the job was interrupted',
  },
  'lock-held': {
    about: 'a lock',
    words: ['is locked', 'lock timeout', 'acquire lock', 'in progress'],
    log: 'error: the state is locked',
  },
  crash: {
    about: 'a crash',
    words: ['crashed', 'core dump', 'fatal signal'],
    log: 'error: the helper crashed',
  },
  scheduling: {
    about: 'a place to run',
    words: ['no capacity', 'insufficient capacity', 'no available node', 'no available runner'],
    log: 'error: no capacity in pool',
  },
  'probe-failed': {
    about: 'a health check',
    words: ['health check', 'healthcheck', 'unhealthy', 'not ready', 'did not become ready'],
    log: 'error: health check',
  },
  'program-error': {
    about: 'an exception',
    words: ['exception', 'uncaught', 'unhandled', 'stack trace'],
    log: 'error: unhandled case',
  },
}

export const hintRules: readonly Rule[] = Object.entries(hints).map(([cause, { about, words, log }]) => ({
  id: `hint-${cause}`,
  cause: cause as CauseName,
  depth: 'hint',
  anyCase: true,
  phrases: words,
  also: failing,
  unless: harmless,
  says: `No rule knows these words; they speak of ${about}.`,
  log: `${log}\nProcess completed with exit code 1`,
  source: 'no tool: common words of applications',
}))
