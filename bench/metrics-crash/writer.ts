/** Records chunk after chunk until it is killed: node writer.ts PLACE WRITER FIRST; prints the number of each that is acknowledged. */
import { writeSync } from 'node:fs'
import { MetricsRepository } from '../../src/metrics/metrics.ts'
import { chunkOf } from './chunks.ts'

const [place = '', writer = '', first = '0'] = process.argv.slice(2)
const metrics = await MetricsRepository.open(place.includes(':') ? place : `file:${place}`)
writeSync(1, 'open\n')
for (let number = Number(first); ; number += 1) {
  await metrics.recordMetricsBatch(chunkOf(writer, number))
  writeSync(1, `${number}\n`)
  // In the midst of it, too, the process may end.
  if (number % 40 === 0) metrics.compact().catch((error: unknown) => writeSync(2, `${error}\n`))
}
