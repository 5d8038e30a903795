import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { changesBetween, InputsUnknown, keepSealKey, readSealKey } from '../../src/inputs/inputs.ts'
import { createRedactor } from '../../src/redact/redact.ts'
import { Tree } from './trees.ts'

const word = fc.stringMatching(/^[a-c]{1,3}$/)
/** Whatever a file system takes as a name. */
const fileName = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((name) => !/[/\0]|^\.{1,2}$|^\.git$/.test(name))
const anyTask = fc.record({
  script: word,
  dir: fc.constantFrom('.', 'sub'),
  env: fc.dictionary(word, word, { maxKeys: 2 }),
  vars: fc.dictionary(word, word, { maxKeys: 2 }),
  files: fc.dictionary(
    fc.oneof(word, fileName),
    fc.record({ content: word, mode: fc.constantFrom(0o644, 0o755, 0o600) }),
    {
      ...{ minKeys: 1, maxKeys: 4 },
    },
  ),
})
type AnyTask = typeof anyTask extends fc.Arbitrary<infer Value> ? Value : never

async function digestOf(task: AnyTask, order: (names: string[]) => string[] = (names) => names) {
  using tree = new Tree()
  tree.makeDirectory('in')
  for (const name of order(Object.keys(task.files))) {
    const { content, mode } = task.files[name] ?? { content: '', mode: 0 }
    await tree.write(`in/${name}`, content, mode)
  }
  const inOrder = (map: Record<string, string>) =>
    Object.fromEntries(order(Object.keys(map)).map((name) => [name, map[name]]))
  const { script, dir, env, vars } = task
  const written = { t: { run: script, dir, env: inOrder(env), inputs: ['in/**'] } }
  const plan = tree.plan(JSON.stringify({ name: 'p', vars: inOrder(vars), tasks: written }))
  return (await tree.digest(plan)).digest
}

const sorted = (value: unknown): string =>
  JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )

test('two tasks have the same digest exactly when every part of them is the same, whatever the order', async () => {
  const pair = fc.oneof(
    anyTask.map((task): [AnyTask, AnyTask] => [task, task]),
    fc.tuple(anyTask, anyTask),
    // Alike but for one part.
    fc
      .tuple(anyTask, anyTask, fc.constantFrom('script', 'dir', 'env', 'vars', 'files'))
      .map(([one, other, key]): [AnyTask, AnyTask] => [one, { ...one, [key]: other[key as keyof AnyTask] }]),
  )
  await fc.assert(
    fc.asyncProperty(pair, async ([one, other]) => {
      const [first, second] = [await digestOf(one), await digestOf(other, (names) => names.toReversed())]
      assert.equal(first === second, sorted(one) === sorted(other))
    }),
    { numRuns: 150 },
  )
})

test('a file that was only touched has not changed', async () => {
  using tree = new Tree()
  await tree.write('in', 'same')
  const plan = tree.plan('name: p\ntasks: { t: { run: x, inputs: [in] } }')
  const before = await tree.digest(plan)
  utimesSync(join(tree.dir, 'in'), 1, 1)
  assert.equal((await tree.digest(plan)).digest, before.digest)
})

test('the module of a function and its argument count, and the order of its keys does not', async () => {
  using tree = new Tree()
  await tree.write('m.ts', 'export const f = 1')
  const plan = (argument: string) =>
    tree.plan(`name: p\ntasks: { t: { call: ./m.ts#f, with: ${argument}, inputs: [] } }`)
  const first = await tree.digest(plan('{ a: 1, b: [x, { c: 2, d: 3 }] }'))
  assert.equal((await tree.digest(plan('{ b: [x, { d: 3, c: 2 }], a: 1 }'))).digest, first.digest)
  assert.notEqual((await tree.digest(plan('{ a: 1, b: [{ c: 2, d: 3 }, x] }'))).digest, first.digest)
  await tree.write('m.ts', 'export const f = 2')
  const changed = await tree.digest(plan('{ a: 1, b: [x, { c: 2, d: 3 }] }'))
  assert.equal(changesBetween(first.parts, changed.parts), 'its module changed: m.ts')
})

test('the value of an earlier output counts, and a missing one means that nothing can be said', async () => {
  using tree = new Tree()
  const text =
    'name: p\ntasks: { t: { needs: a, exec: [x, "${tasks.a.outputs.k}"], inputs: [] }, a: { run: x } }'
  const plan = tree.plan(text)
  const given = (value?: string) => tree.digest(plan, { values: { secrets: {}, outputOf: () => value } })
  assert.notEqual((await given('1')).digest, (await given('2')).digest)
  await assert.rejects(given(), InputsUnknown)
})

test('a changed secret changes the digest, and without the key no digest tells its value', async () => {
  using tree = new Tree()
  const text = 'name: p\nsecrets: [PIN]\ntasks: { t: { run: x, env: { P: "${secrets.PIN}" }, inputs: [] } }'
  const plan = tree.plan(text)
  const key = await keepSealKey(join(tree.dir, 'state'), Math.random)
  assert.deepEqual(await readSealKey(join(tree.dir, 'state')), Buffer.from(key ?? []))
  const digest = (pin: string, sealKey: Uint8Array | null) =>
    tree.digest(plan, {
      ...{ values: { secrets: { PIN: pin }, outputOf: () => undefined }, masker: createRedactor([pin]) },
      key: sealKey,
    })
  const known = await digest('4711', key)
  assert.equal((await digest('4711', key)).digest, known.digest)
  assert.notEqual((await digest('4712', key)).digest, known.digest)
  // Whoever tries all values needs the key: with another one, no value gives what is recorded.
  const other = new Uint8Array(32)
  for (let pin = 4_700; pin < 4_720; pin += 1) {
    const tried = await digest(String(pin), other)
    assert.notEqual(tried.digest, known.digest)
    assert.notEqual(tried.parts?.get('env P'), known.parts?.get('env P'))
  }
  await assert.rejects(digest('4711', null), /there is no key/)
})

test('a file that the plan reads a secret from is digested with the key as well', async () => {
  using tree = new Tree()
  await tree.write('pin', '4711')
  const plan = tree.plan('name: p\nsecrets: { PIN: { file: pin } }\ntasks: { t: { run: x, inputs: [pin] } }')
  const [one, other] = [new Uint8Array(32), new Uint8Array(32).fill(1)]
  const parts = async (key: Uint8Array) => (await tree.digest(plan, { key })).parts?.get('file pin')
  assert.notEqual(await parts(one), await parts(other))
})

test('a pipe is never opened, and what may not be read is said with its name', async () => {
  using tree = new Tree()
  await tree.write('in/a', 'x')
  assert.equal(spawnSync('mkfifo', [join(tree.dir, 'in', 'pipe')]).status, 0)
  const plan = tree.plan('name: p\ntasks: { t: { run: x, inputs: [in] } }')
  assert.deepEqual([...((await tree.digest(plan)).parts?.keys() ?? [])].slice(-2), [
    'file in/a',
    'file in/pipe',
  ])
  if (process.getuid?.() === 0) return
  await tree.write('in/a', 'x', 0o000)
  await assert.rejects(tree.digest(plan), /in\/a could not be read \(EACCES\)/)
})

test('a file that changes each time it is read cannot be told', async () => {
  using tree = new Tree()
  const file = join(tree.dir, 'log')
  writeFileSync(file, Buffer.alloc(40_000_000))
  const plan = tree.plan('name: p\ntasks: { t: { run: x, inputs: [log] } }')
  let writing = true
  const write = (): void => {
    if (!writing) return
    appendFileSync(file, 'more')
    setImmediate(write)
  }
  write()
  await assert.rejects(tree.digest(plan), /log changes while it is read/)
  writing = false
})

test('what has changed is named, a few of each kind', () => {
  const before = new Map([
    ...([
      ['command', '1'],
      ['env A', '1'],
      ['var B', '1'],
      ['file a', '1'],
      ['file b', '1'],
    ] as const),
  ])
  const now = new Map([
    ...([
      ['command', '2'],
      ['env A', '1'],
      ['env C', '1'],
      ['file b', '2'],
      ['file c', '1'],
      ['file d', '1'],
    ] as const),
  ])
  assert.equal(
    changesBetween(before, now),
    'its command changed; its environment changed: C, B; inputs changed: a, b, c and 1 more',
  )
  assert.equal(changesBetween(null, now), 'its inputs changed')
})
