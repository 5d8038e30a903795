import { didYouMean } from '../nearest.ts'

/** The key here -> what other tools call it. */
const wordsFor: Readonly<Record<string, readonly string[]>> = {
  run: ['command', 'cmd', 'script', 'shell', 'commands'],
  needs: ['depends_on', 'dependson', 'depends', 'requires', 'after', 'deps'],
  env: ['environment', 'variables'],
  vars: ['environment', 'variables', 'env'],
  dir: ['cwd', 'workdir', 'working-directory', 'working_directory'],
  tasks: ['steps', 'jobs', 'services', 'stages'],
  retry: ['retries', 'attempts'],
  when: ['if'],
  http: ['url'],
  with: ['args'],
}

/** `; did you mean "KEY"?` for a word that comes from another tool or was mistyped; else the empty text. */
export function meantKey(word: string, known: readonly string[]): string {
  const key = known.find((candidate) => wordsFor[candidate]?.includes(word.toLowerCase()))
  return key === undefined ? didYouMean(word, known) : `; did you mean ${JSON.stringify(key)}?`
}
