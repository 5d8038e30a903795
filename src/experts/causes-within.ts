/** Causes within the work: its code, configuration, dependencies, tests, and where and on what it runs. */
import type { Cause } from './cause.ts'

export const causesWithin = {
  'command-not-found': {
    title: 'Command not found',
    means: 'A program that was to be started is not installed, or not on the path.',
    next: [
      'Install it where the task runs, or add its folder to PATH',
      'Check the spelling, and in a container that the image has it',
    ],
  },
  'file-not-found': {
    title: 'File not found',
    means: 'A file or folder that is needed is not there.',
    next: [
      'Check the path, and the folder that the task starts in ("dir" of the task)',
      'If an earlier task makes the file, let this one need it',
    ],
  },
  'env-missing': {
    title: 'Environment variable missing',
    means: 'A variable that the program needs is not set.',
    next: [
      'Set it in "env" of the task, or in "vars" or "secrets" of the plan',
      'Compare with an environment where it works: env | sort',
    ],
  },
  'config-error': {
    title: 'Wrong configuration',
    means: 'A configuration file, option or argument is not what the program accepts.',
    next: [
      'Correct the place that the message names',
      'Check that the configuration fits the version of the program',
    ],
  },
  'dependency-missing': {
    title: 'Dependency missing',
    means: 'A package, module or library that is needed could not be found.',
    next: [
      'Add it to the dependencies and install them before this step',
      'Check its name and version, and that the registry or repository has it',
    ],
  },
  'dependency-conflict': {
    title: 'Dependencies conflict',
    means:
      'No set of versions fits everything that was asked for, or the lock file does not fit the manifest.',
    next: [
      'Look at the two demands that the message names and relax one',
      'Make the lock file anew and commit it together with the manifest',
    ],
  },
  'dependency-build': {
    title: 'Dependency cannot be built',
    means: 'A package had to be compiled during its installation, and that failed.',
    next: [
      'Read the lines above: often a compiler, a header or a system library is missing',
      'Use a version that is published ready-made for this platform and runtime',
    ],
  },
  'runtime-version-mismatch': {
    title: 'Wrong version of the runtime',
    means:
      'The code or a tool wants another version of the language, runtime or compiler than the one that is there.',
    next: [
      'Compare the version that is asked for with the one that runs',
      'Pin the runtime in the image or the CI set-up, or use a version of the dependency that supports it',
    ],
  },
  'compile-error': {
    title: 'Compilation failed',
    means: 'The compiler did not accept the code.',
    next: [
      'Correct the first error that the compiler names: later ones often follow from it',
      'If nobody changed that place, look at what changed in the dependencies',
    ],
  },
  'syntax-error': {
    title: 'Syntax error',
    means: 'A script or a file breaks the rules of its language.',
    next: ['Correct the line that is named, or the one before it'],
  },
  'link-error': {
    title: 'Linking failed',
    means: 'The linker did not find a symbol or a library, or found one twice.',
    next: [
      'Add the library that defines the symbol, after the objects that use it',
      'Check that all objects were built with the same compiler and options',
    ],
  },
  'test-failure': {
    title: 'Tests failed',
    means: 'The code was built and ran, and at least one test did not get what it expects.',
    next: ['Run the named test alone', 'If it sometimes passes, look for time, order and network in it'],
  },
  'quality-gate': {
    title: 'A check failed',
    means:
      'A check of quality turned the code away: style, lint, coverage, licence, audit, or a rule of the repository.',
    next: ['Correct what the check names, or let its tool repair it', 'Run the same check before committing'],
  },
  'vcs-conflict': {
    title: 'Merge conflict',
    means: 'Two changes of the same lines could not be put together.',
    next: ['Bring the branch up to date by hand, resolve the conflict and push again'],
  },
  'vcs-checkout': {
    title: 'Source could not be fetched',
    means: 'The repository, branch, tag or commit that was asked for could not be checked out.',
    next: [
      'Check that it exists on the remote and was not deleted or rewritten',
      'Check the depth of the clone: a shallow one has no old commits',
    ],
  },
  quota: {
    title: 'Quota exceeded',
    means: 'An account, project or namespace has used up what it may use.',
    next: [
      'See what uses the quota, and remove what is not needed',
      'Ask for more, or set requests and limits that fit',
    ],
  },
  scheduling: {
    title: 'No place to run',
    means: 'The cluster has no node that may and can run the pod.',
    next: [
      'Compare what the pod asks for with what the nodes have: kubectl describe node',
      'Add nodes or tolerations, or correct selectors, affinity and requests',
    ],
  },
  'probe-failed': {
    title: 'Health check failed',
    means: 'The service started but did not answer its health check as expected.',
    next: ['Read the log of the service from its start', 'Check path, port and patience of the check'],
  },
  crash: {
    title: 'Crashed by a signal',
    means:
      'A process was ended by a signal that says it did something impossible, such as reading memory that is not its own.',
    next: [
      'Run it under a debugger or with a core file',
      'If it is native code of a dependency, try another version of it',
    ],
  },
  'program-error': {
    title: 'Uncaught error in the program',
    means: 'The program ended with an error of its own that nothing caught.',
    next: ['Read the place in the code that the trace names'],
  },
  cancelled: {
    title: 'Cancelled',
    means: 'Somebody or something stopped the work before its end; it did not fail by itself.',
    next: ['Find out who stopped it: a person, a newer run, a shutdown of the machine', 'Run it again'],
  },
  'ci-infra': {
    title: 'The CI system failed',
    means: 'The machine or the service that runs the work broke, not the work.',
    next: ['Run it again', 'If it stays so, look at the runner: its disk, memory and connection'],
  },
  'db-unavailable': {
    title: 'Database unavailable',
    means: 'The database could not be reached or did not take the connection.',
    next: [
      'Check that it runs and takes connections from here',
      'Check host, port and name in the connection string, and the limit of connections',
    ],
  },
  'db-error': {
    title: 'Database refused the statement',
    means: 'The database understood who asked and did not accept what was asked.',
    next: [
      'Read the statement and what the database says of it',
      'Check that the schema is at the version that the code expects',
    ],
  },
  'migration-failed': {
    title: 'Migration failed',
    means: 'A change of the database schema could not be applied.',
    next: [
      'Look at the state that the migration left, before it is run again',
      'Correct the migration, or the data that it trips over',
    ],
  },
  'lock-held': {
    title: 'Somebody else holds the lock',
    means: 'Another process works on the same thing, or died and left its lock behind.',
    next: [
      'See who holds it and whether that process is alive',
      'Wait for it, or remove the lock only when nobody works any more',
    ],
  },
  'already-exists': {
    title: 'It is there already',
    means: 'What was to be made exists, and the step does not expect that.',
    next: [
      'Decide whether the old one is to be used, replaced or removed',
      'If it is a version to publish, raise its number',
    ],
  },
  'not-found-remote': {
    title: 'Not found at the remote service',
    means: 'A service was reached and says that what was asked for is not there.',
    next: [
      'Check name, region, project and version of what is asked for',
      'Some services answer so when the right to see it is missing',
    ],
  },
  'data-corrupt': {
    title: 'Data damaged',
    means: 'A file or a download is not what it should be: its checksum or its form is wrong.',
    next: [
      'Delete the cached copy and fetch it again',
      'If it stays so, compare the expected checksum with the publisher',
    ],
  },
} as const satisfies Record<string, Cause>
