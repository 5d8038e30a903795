/** The secrets of a plan, as they are written: which there are, and where their values come from. */
import { resolve } from 'node:path'
import * as z from 'zod/mini'
import type { SecretSource } from '../spine.ts'
import { duration, either, filledText, keys, list, maybe, name, named } from './leaf.ts'

const defaultCommandMs = 30_000

const source = either(
  'a map with one of env, file, command',
  [
    keys({ file: filledText('A file that holds the secret, relative to the plan file') }),
    keys({ env: filledText('The environment variable that holds the secret') }),
    keys({
      command: list(
        filledText('One word'),
        'A program and its arguments that prints the secret; no shell',
        'a list of words such as [vault, read, -field=token, kv/shop]',
      ).check(z.minLength(1, { error: 'at least one word' })),
      timeout: maybe(duration(1, 'How long the command may take. Default 30s')),
    }),
  ],
  'Where the value comes from',
)

export const secretsSchema = either(
  'a list of names, or a map from names to { file: ... }, { env: ... } or { command: [...] }',
  [
    list(name('An environment variable'), 'From the environment'),
    named(source, 'From variables, files or commands'),
  ],
  'Secrets: they reach only the tasks that name them, and are masked everywhere',
)

export function lowerSecrets(
  written: z.output<typeof secretsSchema>,
  planDir: string,
): Readonly<Record<string, SecretSource>> {
  const sources: Record<string, SecretSource> = Object.create(null)
  if (Array.isArray(written)) {
    for (const name of written) sources[name] = { from: 'environment', variable: name }
  } else {
    for (const [name, one] of Object.entries(written)) sources[name] = lowerSource(one, planDir)
  }
  return sources
}

function lowerSource(written: z.output<typeof source>, planDir: string): SecretSource {
  if ('file' in written) return { from: 'file', file: resolve(planDir, written.file) }
  if ('env' in written) return { from: 'environment', variable: written.env }
  const { command: words, timeout: timeoutMs = defaultCommandMs } = written
  return { from: 'command', words, dir: planDir, timeoutMs }
}
