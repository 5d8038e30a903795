import type { Parts } from './tree-digest.ts'

/** Names in one sentence. */
const mostNames = 3

/** What has changed since, in words: "inputs changed: app/a.ts, app/b.ts and 2 more". */
export function changesBetween(before: Parts, now: Parts): string {
  if (before === null || now === null) return 'its inputs changed'
  const names = new Set([...before.keys(), ...now.keys()])
  const changed = [...names].filter((name) => before.get(name) !== now.get(name))
  const files = namesOf(changed, 'file ')
  const outputs = namesOf(changed, 'output ')
  const env = [...namesOf(changed, 'env '), ...namesOf(changed, 'var ')]
  const modules = namesOf(changed, 'module ')
  return (
    [
      ...(changed.includes('command') ? ['its command changed'] : []),
      ...(changed.includes('directory') ? ['its directory changed'] : []),
      ...(modules.length > 0 ? [`its module changed: ${listOf(modules)}`] : []),
      ...(env.length > 0 ? [`its environment changed: ${listOf(env)}`] : []),
      ...(files.length > 0 ? [`inputs changed: ${listOf(files)}`] : []),
      ...(outputs.length > 0 ? [`outputs changed: ${listOf(outputs)}`] : []),
    ].join('; ') || 'its inputs changed'
  )
}

const namesOf = (changed: readonly string[], prefix: string): readonly string[] =>
  changed.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length))

function listOf(names: readonly string[]): string {
  const rest = names.length - mostNames
  return names.slice(0, mostNames).join(', ') + (rest > 0 ? ` and ${rest} more` : '')
}
