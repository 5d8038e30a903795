import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProcessMemory } from '../../src/memory/process-memory.ts'
import { type Files, machine, write } from './machine.ts'

const KiB = 1024

type Shown = {
  readonly kB: number
  readonly faults?: number
  readonly pages?: number
  readonly state?: string
}

/** One process as /proc shows it; its name has all that could mislead who counts fields. */
const shown = ({ kB, faults = 1, pages = 9, state = 'S' }: Shown): Files => ({
  'proc/7/status': `Name:\tsh\nVmHWM:\t${kB} kB\nVmRSS:\t${kB} kB\nThreads:\t1\n`,
  'proc/7/stat': `7 (a) S (b) ${state} 1 7 7 0 -1 0 ${faults} 0 0 0 5 5 0 0 20 0 1 0 99 4096 ${pages} 0 0\n`,
})

const residentOf = (memory: ProcessMemory): number | undefined => memory.read()?.residentBytes

test('of a process that has had no page fault and has its pages still, nothing is read anew', (t) => {
  const root = machine(t, shown({ kB: 100 }))
  using memory = new ProcessMemory(root, 7, true)
  assert.equal(residentOf(memory), 100 * KiB)
  write(root, shown({ kB: 200 }))
  assert.equal(residentOf(memory), 100 * KiB)
  write(root, shown({ kB: 200, faults: 2 }))
  assert.equal(residentOf(memory), 200 * KiB)
  write(root, shown({ kB: 50, faults: 2, pages: 4 }))
  assert.equal(residentOf(memory), 50 * KiB, 'given back without a fault')
  write(root, shown({ kB: 50, faults: 2, pages: 4, state: 'R' }))
  assert.equal(residentOf(memory), 50 * KiB)
})

test('a process that has ended has no memory, though its faults are still told', (t) => {
  const root = machine(t, shown({ kB: 100 }))
  using memory = new ProcessMemory(root, 7, true)
  assert.equal(residentOf(memory), 100 * KiB)
  write(root, { ...shown({ kB: 100, state: 'Z' }), 'proc/7/status': 'Name:\tsh\nThreads:\t1\n' })
  assert.equal(residentOf(memory), undefined)
})

test('where that cannot be seen, and of more processes than stay open, each reading is a new one', (t) => {
  const root = machine(t, shown({ kB: 100 }))
  rmSync(join(root, 'proc/7/stat'))
  using kept = new ProcessMemory(root, 7, true)
  using opened = new ProcessMemory(root, 7, false)
  for (const kB of [100, 200, 150]) {
    write(root, { 'proc/7/status': shown({ kB })['proc/7/status'] ?? '' })
    assert.equal(residentOf(kept), kB * KiB)
    assert.equal(residentOf(opened), kB * KiB)
  }
})
