import { readFileSync, statSync } from 'node:fs'
import { PlimsollError } from '../errors.ts'

/** A larger plan takes too long while someone waits, in bytes. */
const longestPlan = 2 ** 20

/**
 * The names below a key of the top level, read for a hint or a completion: quickly, with nothing checked and nothing
 * said. None where there is no plan.
 */
export async function namesInPlan(file: string, key: 'tasks' | 'environments'): Promise<readonly string[]> {
  const { isMap, isScalar } = await import('yaml')
  const map = await topLevelOf(file, key)
  if (!isMap(map)) return []
  const names = map.items.map((pair) => (isScalar(pair.key) ? String(pair.key.value) : '<<'))
  return names.filter((name) => name !== '<<')
}

/** Undefined where there is none. */
async function topLevelOf(file: string, key: string): Promise<unknown> {
  try {
    const found = statSync(file)
    if (!found.isFile() || found.size > longestPlan) return undefined
    const { parseDocument } = await import('yaml')
    return parseDocument(readFileSync(file, 'utf8'), { uniqueKeys: false, logLevel: 'silent' }).get(key)
  } catch {
    return undefined
  }
}

/** The name of the plan in a file that need not be sound otherwise. @throws PLAN_UNREADABLE */
export async function planNameIn(file: string): Promise<string> {
  const name = await topLevelOf(file, 'name')
  if (typeof name === 'string' && name !== '') return name
  throw new PlimsollError('PLAN_UNREADABLE', `${file} is not there, or is no plan with a name`)
}
