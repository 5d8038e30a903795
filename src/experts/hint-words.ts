/** Words that a person would go by who does not know the tool: of each cause, in lower case. */
import type { CauseName } from './causes.ts'

export type Hint = { readonly about: string; readonly words: readonly string[] }

export const hints: Readonly<Partial<Record<CauseName, Hint>>> = {
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
    words: [
      'not found',
      'http 404',
      'status 404',
      'status: 404',
      'code 404',
      'code: 404',
      '(404)',
      '404 for ',
    ],
  },
  'db-error': { about: 'SQL', words: ['sql', 'query'] },
  'db-unavailable': { about: 'a database', words: ['database'] },
  'migration-failed': { about: 'a migration', words: ['migration', 'migrate'] },
  'data-corrupt': {
    about: 'damaged data',
    words: ['corrupt', 'checksum', 'integrity', 'truncated'],
  },
  'quality-gate': {
    about: 'checks of the code',
    words: [
      'stylelint',
      'tslint',
      'eslint',
      'brakeman',
      'code has been rated at',
      'pr title',
      'diff --git a/',
      'uncommitted',
      'not formatted',
    ],
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
