/** Writes triples from two callers until it is killed, and says each number that was acknowledged. */
import { writeSync } from 'node:fs'
import { openStore } from '../../src/store/store.ts'

const [stateDir = '', first = '0'] = process.argv.slice(2)
const store = await openStore({ stateDir })
await store.write([
  { sql: 'create table if not exists triples (number bigint, part bigint, text text)', parameters: [] },
])

let next = Number(first)
async function writeForEver(): Promise<void> {
  while (true) {
    const number = next++
    const parts = [1, 2, 3].map((part) => ({
      sql: 'insert into triples (number, part, text) values (?1, ?2, ?3)',
      parameters: [number, part, 'x'.repeat(number % 3_000)],
    }))
    await store.write(parts)
    writeSync(1, `${number}\n`)
  }
}
await Promise.all([writeForEver(), writeForEver()])
