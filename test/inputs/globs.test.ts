import assert from 'node:assert/strict'
import { symlinkSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { InputsUnknown } from '../../src/inputs/inputs.ts'
import { Tree } from './trees.ts'

async function shop(): Promise<Tree> {
  const tree = new Tree()
  const names = ['src/a.ts', 'src/b.js', 'src/.env', 'src/deep/c.ts', 'src/node_modules/x/i.js', 'top.json']
  for (const name of names) await tree.write(name, name)
  await tree.write('.git/HEAD', 'ref')
  await tree.write('.plimsoll/plimsoll.db', 'record')
  return tree
}

test('globs mean files: stars, braces, classes, a directory alone, and what is left out', async () => {
  using tree = await shop()
  assert.deepEqual(await tree.names(['src/*']), ['src/.env', 'src/a.ts', 'src/b.js'])
  assert.deepEqual(await tree.names(['src/**/*.ts']), ['src/a.ts', 'src/deep/c.ts'])
  assert.deepEqual(await tree.names(['src/?.{ts,js}', 'top.*']), ['src/a.ts', 'src/b.js', 'top.json'])
  assert.deepEqual(await tree.names(['src/[a-b].ts']), ['src/a.ts'])
  assert.deepEqual(await tree.names(['src', '!src/**/*.js', '!**/deep']), ['src/.env', 'src/a.ts'])
  assert.deepEqual(await tree.names(['src', '!**/node_modules', './top.json', 'src/a.ts']), [
    ...['src/.env', 'src/a.ts', 'src/b.js', 'src/deep/c.ts', 'top.json'],
  ])
})

test('the record and what git keeps are never inputs', async () => {
  using tree = await shop()
  const names = await tree.names(['**'])
  assert.equal(names.length, 6)
  assert.equal(
    names.some((name) => /^\.(git|plimsoll)/.test(name)),
    false,
  )
})

test('files outside the directory of the plan have names that lead there', async () => {
  using tree = await shop()
  await tree.write('deploy/plimsoll.yaml', '')
  const plan = { ...tree.plan(`name: p\ntasks: { t: { run: x, inputs: ["../src/*.ts"] } }`) }
  const { parts } = await tree.digest({ ...plan, file: join(tree.dir, 'deploy', 'plimsoll.yaml') })
  assert.deepEqual(
    [...(parts?.keys() ?? [])].filter((name) => name.startsWith('file ')),
    ['file ../src/a.ts'],
  )
})

test('names with letters that mean something in globs are reached with a backslash, or as they are', async () => {
  using tree = new Tree()
  for (const name of ['app/(group)/p.ts', 'w[1]/q', 'a*b']) await tree.write(name, 'x')
  assert.deepEqual(await tree.names(['app/(group)/*']), ['app/(group)/p.ts'])
  assert.deepEqual(await tree.names(['w\\[1\\]/*']), ['w[1]/q'])
  assert.deepEqual(await tree.names(['a\\*b']), ['a*b'])
})

test('a link counts by its text and by the file behind it, and a directory behind it is not entered', async () => {
  using tree = new Tree()
  await tree.write('real/file', 'one')
  symlinkSync('real/file', join(tree.dir, 'link'))
  symlinkSync('real', join(tree.dir, 'dir'))
  symlinkSync('nowhere', join(tree.dir, 'broken'))
  symlinkSync('..', join(tree.dir, 'real', 'up'))
  const plan = tree.plan('name: p\ntasks: { t: { run: x, inputs: [link, dir/*, broken, "**/up"] } }')
  const before = await tree.digest(plan)
  const names = [...(before.parts?.keys() ?? [])].filter((name) => name.startsWith('file '))
  assert.deepEqual(names, ['file broken', 'file dir/file', 'file dir/up', 'file link', 'file real/up'])
  await tree.write('real/file', 'two')
  assert.notEqual((await tree.digest(plan)).digest, before.digest)
})

test('a glob that matches nothing is told, and a task without any input file cannot be compared', async () => {
  using tree = await shop()
  const plan = tree.plan('name: p\ntasks: { t: { run: x, inputs: [src/a.ts, "lib/**", "!src/b.js", gone] } }')
  assert.deepEqual((await tree.digest(plan)).unmatched, ['lib/**', 'gone'])
  const none = tree.plan('name: p\ntasks: { t: { run: x, inputs: ["lib/**"] } }')
  await assert.rejects(tree.digest(none), (error: Error) => {
    assert.ok(error instanceof InputsUnknown)
    return error.message === 'no file matches its inputs (lib/**)'
  })
  const unreadable = tree.plan('name: p\ntasks: { t: { run: x, inputs: ["src/[a"] } }')
  await assert.rejects(tree.digest(unreadable), /the glob "src\/\[a" cannot be read/)
})

test('whatever is written as a glob ends in names or in a sentence, and quickly', async () => {
  using tree = await shop()
  const plan = tree.plan('name: p\ntasks: { t: { run: x, inputs: [x] } }')
  const letter = fc.constantFrom(...'ab/.*?[]{}()!,|+@^$\\-#~ \n\u{1f600}')
  const glob = fc.oneof(fc.string({ unit: letter, minLength: 1, maxLength: 16 }), fc.string({ minLength: 1 }))
  await fc.assert(
    fc.asyncProperty(fc.array(glob, { minLength: 1, maxLength: 3 }), async (inputs) => {
      // Not above the tree: who knows how much is there.
      fc.pre(inputs.every((text) => !text.includes('..') && !/^!?\//.test(text)))
      const tasks = plan.tasks.map((task) => ({ ...task, inputs }))
      await tree
        .digest({ ...plan, tasks })
        .catch((error: unknown) => assert.ok(error instanceof InputsUnknown))
    }),
    { numRuns: 300 },
  )
})

test('a file whose name is not UTF-8 cannot be followed, and that is said', async () => {
  using tree = await shop()
  await writeFile(Buffer.concat([Buffer.from(`${tree.dir}/src/`), Buffer.from([0xff, 0xfe])]), 'x')
  await assert.rejects(tree.names(['src/*']), /could not be read \(ENOENT\)/)
})
