/** A process that is put into a control group and does there what it is told: reads the gauge, takes memory, lets go. */
import { openSync, readSync } from 'node:fs'
import { MiB } from './groups.ts'
import { memory } from './package.ts'
import type { Answer, Order } from './visitor.ts'

const monitor = new memory.MemoryMonitor()
const taken: Buffer[] = []

function obey({ take = 0, drop = false, readDisk = 0 }: Order): void {
  for (let count = 0; count < take; count += 1) taken.push(Buffer.alloc(MiB, 1))
  if (drop) taken.length = 0
  if (drop) globalThis.gc?.()
  if (readDisk > 0) readThroughCache(readDisk)
}

/** It stays open: the last one who closes a disk drops its cache. */
let disk: number | undefined

function readThroughCache(megabytes: number): void {
  disk ??= openSync('/dev/nvme0n1', 'r')
  const buffer = Buffer.allocUnsafe(MiB)
  for (let count = 0; count < megabytes; count += 1) readSync(disk, buffer, 0, MiB, count * MiB)
}

process.on('message', (order: Order) => {
  obey(order)
  const answer: Answer = {
    reading: monitor.read(),
    stalls: monitor.stalls(),
    pressure: memory.checkMemoryPressure(),
    constrainedBytes: process.constrainedMemory(),
    availableBytes: process.availableMemory(),
  }
  process.send?.(answer)
})
