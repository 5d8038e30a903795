import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Plan } from '../spine.ts'
import { type Path, type Place, Problems } from './problems.ts'
import { isTreeMap, readYaml, taskSections, type YamlFile } from './yaml.ts'

type PlanFile = Pick<Plan, 'file' | 'digest'>

/** Undefined when the file is no longer the one that was read. Never rejects. */
async function sameFile({ file, digest }: PlanFile): Promise<YamlFile | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '')
  if (createHash('sha256').update(text).digest('hex') !== digest) return undefined
  return readYaml(text.replace(/^\uFEFF/, ''), new Problems(file))
}

/** Where each path stands in the file of the plan, or the nearest thing above it; undefined where that says nothing. */
export async function placeIn(
  plan: PlanFile,
  paths: readonly Path[],
): Promise<readonly (Place | undefined)[]> {
  const yaml = await sameFile(plan)
  return paths.map((path) => {
    const isThere =
      path[0] !== undefined && yaml !== undefined && isTreeMap(yaml.root) && path[0] in yaml.root
    return isThere ? yaml.placeOf(path) : undefined
  })
}

/** Where each task of the plan stands in its file; empty when the file is no longer the one that was read. Never rejects. */
export async function taskPlaces(plan: PlanFile, names: readonly string[]) {
  const places = new Map<string, Place>()
  const yaml = await sameFile(plan)
  if (yaml === undefined) return places
  for (const name of names) {
    for (const section of taskSections) {
      const place = yaml.placeOf([section, name], { on: 'key' })
      const above = yaml.placeOf([section], { on: 'key' })
      const isThere = place.line !== above.line || place.column !== above.column
      if (isThere) places.set(name, place)
    }
  }
  return places
}
