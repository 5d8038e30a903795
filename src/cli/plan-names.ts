import { readFileSync, statSync } from 'node:fs'

/** A larger plan takes too long while someone waits, in bytes. */
const longestPlan = 2 ** 20

/**
 * The names below a key of the top level, read for a hint or a completion: quickly, with nothing checked and nothing
 * said. None where there is no plan.
 */
export async function namesInPlan(file: string, key: 'tasks' | 'environments'): Promise<readonly string[]> {
  try {
    const found = statSync(file)
    if (!found.isFile() || found.size > longestPlan) return []
    const { isMap, isScalar, parseDocument } = await import('yaml')
    const document = parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: false, logLevel: 'silent' })
    const map = document.get(key)
    if (!isMap(map)) return []
    const names = map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : '<<'))
    return names.filter((name) => name !== '<<')
  } catch {
    return []
  }
}
