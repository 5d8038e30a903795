/**
 * What the same lines may be called as well: where one cause ends and the next begins is drawn by who names them. A
 * database that nobody answers for is a refused connection, too.
 */
import type { CauseName } from './causes.ts'
import type { Finding } from './findings.ts'

const kin: Readonly<Partial<Record<CauseName, readonly CauseName[]>>> = {
  'db-unavailable': ['connection-refused'],
  'connection-refused': ['db-unavailable', 'remote-unavailable'],
  'remote-unavailable': ['network'],
  network: ['remote-unavailable', 'timeout'],
  timeout: ['network'],
  dns: ['remote-unavailable'],
  auth: ['permission'],
  permission: ['auth'],
  quota: ['rate-limit'],
  'rate-limit': ['quota'],
  'resource-limit': ['oom'],
  scheduling: ['quota'],
  'probe-failed': ['timeout'],
  'config-error': ['syntax-error', 'file-not-found'],
  'env-missing': ['config-error'],
  'file-not-found': ['config-error', 'dependency-missing'],
  'command-not-found': ['dependency-missing', 'file-not-found'],
  'dependency-missing': ['dependency-conflict', 'remote-unavailable'],
  'dependency-conflict': ['dependency-missing', 'runtime-version-mismatch'],
  'dependency-build': ['compile-error'],
  'runtime-version-mismatch': ['dependency-conflict'],
  'compile-error': ['syntax-error'],
  'syntax-error': ['config-error', 'compile-error'],
  'link-error': ['dependency-missing'],
  'test-failure': ['program-error'],
  'program-error': ['config-error', 'dependency-missing'],
  crash: ['program-error'],
  'quality-gate': ['test-failure'],
  'vcs-checkout': ['not-found-remote'],
  'not-found-remote': ['config-error', 'vcs-checkout'],
  'migration-failed': ['db-error'],
  'db-error': ['migration-failed'],
  cancelled: ['ci-infra', 'timeout'],
  'ci-infra': ['cancelled', 'remote-unavailable'],
  'data-corrupt': ['file-not-found'],
  'image-pull': ['not-found-remote'],
  'lock-held': ['timeout'],
  'already-exists': ['config-error'],
}

/** The likeliest first. What cannot be read otherwise has none. */
export const otherReadings = ({ rule }: Finding): readonly CauseName[] =>
  rule.depth === 'fact' ? (rule.also ?? []) : [...(rule.also ?? []), ...(kin[rule.cause] ?? [])]
