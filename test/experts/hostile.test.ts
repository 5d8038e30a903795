import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'

/** Each piece takes milliseconds; what is quadratic takes minutes. */
const patienceMs = 20_000

test('no expression, rule or reading takes more than linear time on hostile lines', async () => {
  const worker = new Worker(new URL('./hostile-pieces.ts', import.meta.url))
  const fed: string[] = []
  let hung: string | undefined
  const giveUp = (): void => {
    hung = fed.at(-1) ?? 'the start of the thread'
    void worker.terminate()
  }
  let timer = setTimeout(giveUp, patienceMs)
  worker.on('message', (piece: string) => {
    fed.push(piece)
    clearTimeout(timer)
    timer = setTimeout(giveUp, patienceMs)
  })
  try {
    await once(worker, 'exit')
  } finally {
    clearTimeout(timer)
  }
  assert.equal(hung, undefined, `This did not end: ${hung}`)
  const files = ['severity', 'prefixes', 'plain-line', 'going-on', 'outcome', 'line-kinds', 'escapes']
  for (const file of files)
    assert.ok(
      fed.some((piece) => piece.startsWith(`${file}.ts /`)),
      file,
    )
  assert.ok(fed.some((piece) => piece.startsWith('diagnose, ')))
})
