/** What object mappers on SQLite take in, with a row and its labels as JSON, as their users write it. */
import { join } from 'node:path'
import { installPeers, peersFolder } from '../contest.ts'
import { measure } from '../measure.ts'

const orms = ['drizzle', 'typeorm'] as const
const count = 100_000

export type OrmRates = readonly (readonly [orm: string, samplesPerSecond: readonly number[]])[]

export async function ormRates(place: string, runs: number): Promise<OrmRates> {
  await installPeers()
  const all: [string, number[]][] = []
  for (const orm of orms) {
    const rates: number[] = []
    for (let run = 0; run < runs; run += 1) {
      const words = [
        join(peersFolder, 'metrics-orm.mjs'),
        orm,
        join(place, `${orm}-${run}.db`),
        String(count),
        '1000',
      ]
      const { stdout } = await measure([process.execPath, ...words])
      rates.push(Number(stdout.trim()))
    }
    all.push([orm, rates])
  }
  return all
}
