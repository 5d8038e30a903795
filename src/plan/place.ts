import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { Plan } from '../spine.ts'
import { type Place, Problems } from './problems.ts'
import { readYaml, taskSections } from './yaml.ts'

/** Where each task of the plan stands in its file; empty when the file is no longer the one that was read. Never rejects. */
export async function taskPlaces(plan: Pick<Plan, 'file' | 'digest'>, names: readonly string[]) {
  const places = new Map<string, Place>()
  const text = await readFile(plan.file, 'utf8').catch(() => '')
  if (createHash('sha256').update(text).digest('hex') !== plan.digest) return places
  const yaml = readYaml(text.replace(/^\uFEFF/, ''), new Problems(plan.file))
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
