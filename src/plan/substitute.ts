import type { Path } from './problems.ts'
import type { Scope } from './scope.ts'
import { isTreeMap, type Tree, type TreeMap, taskSections } from './yaml.ts'

/** Of a task and its undo: texts that are never substituted, or that may keep holes and become templates later. */
const keptKeys: ReadonlySet<string> = new Set([
  ...['needs', 'run', 'when'],
  ...['exec', 'http', 'env', 'with', 'headers', 'body'],
])

/**
 * Fills the variables into the scalars of a plan file. Left as they are: `vars` (the scope resolves those that
 * count) and what `keptKeys` names. A text of an environment that was not chosen may name variables that only it
 * needs: it is left out.
 */
export function substitute(root: TreeMap, scope: Scope, environment: string | null): TreeMap {
  const walk = (tree: Tree, path: Path): Tree | undefined => {
    if (typeof tree === 'string') {
      if (!tree.includes('$')) return tree
      // A text with a problem stays as it is: what is said of its path later is dropped.
      return isOtherEnvironment(path, environment) ? undefined : (scope.fill(tree, path) ?? tree)
    }
    if (Array.isArray(tree)) return tree.map((item, index) => walk(item, [...path, index]) ?? '')
    if (!isTreeMap(tree)) return tree
    const map: TreeMap = Object.create(null)
    for (const key of Object.keys(tree)) {
      const inner = [...path, key]
      const value = isKept(inner) ? tree[key] : walk(tree[key] ?? null, inner)
      if (value !== undefined) map[key] = value
    }
    return map
  }
  return walk(root, []) as TreeMap
}

function isKept(path: Path): boolean {
  const [section, , third] = path
  const key = String(path.at(-1))
  if (section === 'vars') return true
  if (section === 'environments') return third === 'vars' || (third === 'defaults' && path[3] === 'env')
  if (section === 'defaults') return path[1] === 'env'
  // The name of a variable whose value is a secret.
  if (section === 'circle') return path.length === 4 && third === 'key' && key === 'env'
  if (section === 'notify') return path.length === 3 && (key === 'url' || key === 'headers')
  if (!taskSections.includes(String(section))) return false
  return (
    (path.length === 3 && keptKeys.has(key)) || (path.length === 4 && third === 'undo' && keptKeys.has(key))
  )
}

const isOtherEnvironment = (path: Path, environment: string | null): boolean =>
  path[0] === 'environments' && path[1] !== environment
