/**
 * One contestant of bench/graph.ts, in a process of its own: `node graph.mjs NAME WIDTH LAYERS AT_ONCE RUNS`. What a
 * contestant takes (objects, pairs, closures) is made before; what it makes of that is measured.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { forgetPeak, peakBytes } from './process-peak.mjs'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc')
const [name, ...numbers] = process.argv.slice(2)
const [width, layers, atOnce, runs] = numbers.map(Number)
const count = width * layers
let done = 0
const nothing = async () => {
  done += 1
}

/** Three nodes of the layer before. */
const needsOf = (index) => {
  const row = index - (index % width)
  return row === 0 ? [] : [0, 1, 7].map((step) => row - width + ((index + step) % width))
}
const nodes = Array.from({ length: count }, (_, index) => ({
  index,
  name: `t${index}`,
  needs: needsOf(index),
}))
const nameOf = (index) => `t${index}`

/** Each loads what it needs and answers what is to be measured. */
const contestants = {
  plimsoll: async () => {
    const { ParallelExecutor } = await import('../../dist/index.js')
    const tasks = nodes.map((node) => ({ name: node.name, needs: node.needs.map(nameOf), run: nothing }))
    return () => new ParallelExecutor({ maxConcurrentTasks: atOnce }).execute(tasks)
  },
  "Kahn's algorithm by hand": async () => {
    const { kahn } = await import('./kahn.mjs')
    return () => kahn(nodes, nothing, atOnce)
  },
  'p-graph': async () => {
    const { PGraph } = await import('p-graph')
    const graph = Object.fromEntries(nodes.map((node) => [node.name, { run: nothing }]))
    const needs = nodes.flatMap((node) => node.needs.map((need) => [nameOf(need), node.name]))
    return () => new PGraph(graph, needs).run({ concurrency: atOnce })
  },
  'listr2, layer by layer': async () => {
    const { Listr } = await import('listr2')
    const row = Array.from({ length: width }, () => ({ task: nothing }))
    const list = Array.from({ length: layers }, () => ({
      task: (_, task) => task.newListr(row, { concurrent: atOnce }),
    }))
    return () => new Listr(list, { renderer: 'silent' }).run()
  },
  'Effect, Deferred and Semaphore': async () => {
    const { Deferred, Effect, Semaphore } = await import('effect')
    const program = Effect.gen(function* () {
      const semaphore = yield* Semaphore.make(atOnce)
      const ends = nodes.map(() => Deferred.makeUnsafe())
      const one = ({ index, needs }) =>
        Effect.forEach(needs, (need) => Deferred.await(ends[need]), { discard: true }).pipe(
          Effect.andThen(semaphore.withPermits(1)(Effect.promise(nothing))),
          Effect.andThen(Deferred.succeed(ends[index], undefined)),
        )
      yield* Effect.forEach(nodes, one, { concurrency: 'unbounded', discard: true })
    })
    return () => Effect.runPromise(program)
  },
}

const run = await contestants[name]()
collect() // what was loaded and made until here is not theirs to clear away
forgetPeak()
const beforeBytes = peakBytes()
const us = []
let grownBytes = 0
for (let round = 0; round < runs; round += 1) {
  done = 0
  const startMs = performance.now()
  await run()
  us.push(((performance.now() - startMs) * 1_000) / count)
  if (done !== count) throw new Error(`${done} of ${count} ran`)
  if (round === 0) grownBytes = (peakBytes() - beforeBytes) / count
}
console.log(JSON.stringify({ us, grownBytes }))
