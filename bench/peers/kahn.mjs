/** What one writes without a library: each node starts when its last need has ended. No failures, no order of worth. */
export async function kahn(nodes, work, atOnce) {
  const dependents = nodes.map(() => [])
  for (const { index, needs } of nodes) for (const need of needs) dependents[need].push(index)
  const left = nodes.map(({ needs }) => needs.length)
  const ready = nodes.filter(({ needs }) => needs.length === 0).map(({ index }) => index)
  let head = 0
  let running = 0
  await new Promise((resolve) => {
    const pump = () => {
      while (running < atOnce && head < ready.length) {
        running += 1
        void one(ready[head++])
      }
      if (running === 0) resolve()
    }
    const one = async (index) => {
      await work(nodes[index])
      running -= 1
      for (const dependent of dependents[index]) if (--left[dependent] === 0) ready.push(dependent)
      pump()
    }
    pump()
  })
}
