/** Run inside a control group: takes memory until the gauge calls it pressure, lets go of it, and says what it saw. */
import { setTimeout as sleep } from 'node:timers/promises'
import { checkMemoryPressure, MemoryMonitor } from '../../src/memory/memory.ts'

const MiB = 2 ** 20
/** More than the smallest group that this is run in. */
const mostChunks = 40
const chunks: Buffer[] = []
using monitor = new MemoryMonitor()
const before = checkMemoryPressure()
while (!checkMemoryPressure(monitor) && chunks.length < mostChunks) chunks.push(Buffer.alloc(5 * MiB, 1))
const { capacityBytes, level, limitRoomBytes } = monitor.read()
const full = checkMemoryPressure()
chunks.length = 0
for (let round = 0; round < 500 && checkMemoryPressure(monitor); round += 1) {
  globalThis.gc?.()
  await sleep(20)
}
const after = checkMemoryPressure()
console.log(JSON.stringify({ before, full, after, capacityBytes, level, limitRoomBytes }))
