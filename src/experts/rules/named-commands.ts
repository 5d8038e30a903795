/**
 * What is known when nothing else is: runners of commands name the one that failed, and `lint` or `test` tells what it
 * was for.
 */
import type { Rule } from '../words.ts'

const checks = [
  'lint',
  'linters',
  'linting',
  'style',
  'format',
  'fmt',
  'format-check',
  'check-format',
  'typecheck',
  'type-check',
  'typing',
  'mypy',
  'flake8',
  'ruff',
  'black',
  'isort',
  'pylint',
  'pyright',
  'pep8',
  'eslint',
  'prettier',
  'pre-commit',
  'quality',
  'audit',
] as const
const tests = ['test', 'tests', 'unit', 'check', 'pytest', 'jest', 'vitest', 'integration', 'e2e'] as const

/** tox, nox, make, npm, bun, just, Nx, Turborepo and Travis CI, of a command, a script or a target with this name. */
const failedAs = (name: string): readonly string[] => [
  `InvocationError for command {path}bin/${name} `,
  `InvocationError for command {path}bin/${name}'`,
  `^${name}: FAIL code`,
  `^ERROR: {space}${name}: commands failed`,
  `nox > Session ${name} failed`,
  `nox > Session ${name}-{version@} failed`,
  `*** [${name}] Error`,
  `*** [{file@}: ${name}] Error`,
  `npm ERR! {package@} ${name}: \``,
  `The command "npm ${name}"`,
  `command sh -c ${name} `,
  `Failed at the {package@} ${name} script`,
  `error: script "${name}" exited with code`,
  `error: Recipe \`${name}\` failed`,
  `- nx run {project@}:${name}$`,
  `#${name}: command (`,
  `^The command "${name}`,
  `^The command "make ${name}"`,
  `^The command "npm run ${name}"`,
]

export const namedCommandRules: readonly Rule[] = [
  {
    id: 'named-check',
    cause: 'quality-gate',
    depth: 'maybe',
    phrases: checks.flatMap(failedAs),
    says: 'The command that failed checks style, types or dependencies.',
    log: 'make: *** [Makefile:12: lint] Error 1',
    source: 'tox; nox; GNU make; npm, Bun, just, Nx and Turborepo; Travis CI',
  },
  {
    id: 'named-tests',
    cause: 'test-failure',
    depth: 'maybe',
    phrases: tests.flatMap(failedAs),
    says: 'The command that failed runs tests.',
    log: ' - nx run shop:test\nError: Process completed with exit code 1.',
    source: 'tox; nox; GNU make; npm, Bun, just, Nx and Turborepo; Travis CI',
  },
  {
    // Environments of tox have any name, and most are for tests.
    id: 'tox',
    cause: 'test-failure',
    depth: 'maybe',
    phrases: [
      'InvocationError for command {command} (exited with code',
      '{name@}: FAIL code {code#}',
      'ERROR:   {name@}: commands failed',
    ],
    unless: checks.flatMap((name) => [
      `bin/${name} `,
      `bin/${name}'`,
      `${name}: FAIL code`,
      `${name}: commands failed`,
    ]),
    says: 'A command that tox ran failed.',
    log: 'py39: FAIL code 1 (9.21 seconds)',
    source: 'tox, session',
  },
]
