/**
 * Works until it is killed: node program.ts WHAT PLACE [WRITER]. It begins with the number that it is given on a line, and prints
 * what it is about to do and what is acknowledged.
 */
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { MetricsRepository, systemClock } from '../../src/index.ts'
import { chunkOf } from './chunks.ts'
import { deletedBefore, stepOf } from './kept.ts'

const [what = '', place = '', writer = ''] = process.argv.slice(2)
const input = createInterface({ input: process.stdin })
const [line] = (await once(input, 'line')) as [string]
input.close()
process.stdin.unref()
const first = Number(line)

let nowMs = 0
const metrics = await MetricsRepository.open(place.includes(':') ? place : `file:${place}`, {
  clock: { ...systemClock, now: () => nowMs },
})
const say = (text: string): void => void writeSync(1, `${text}\n`)
/** In the midst of it, too, the process may end. */
const compact = (): void => void metrics.compact().catch((error: unknown) => writeSync(2, `${error}\n`))

const works: Readonly<Record<string, (number: number) => Promise<void>>> = {
  write: async (number) => {
    await metrics.recordMetricsBatch(chunkOf(writer, number))
    say(`recorded ${number}`)
    if (number % 40 === 0) compact()
  },
  delete: async (number) => {
    await metrics.recordMetricsBatch(stepOf(number), { chunkSize: 1_000 })
    say(`recorded ${number}`)
    nowMs = deletedBefore(number)
    say(`deleting ${nowMs}`)
    await metrics.cleanupOldMetrics({ retentionDays: 0 })
    say(`deleted ${nowMs}`)
    if (number % 3 === 0) compact()
  },
}
say('open')
for (let number = first; ; number += 1) await works[what]?.(number)
