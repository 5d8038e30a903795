import assert from 'node:assert/strict'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: carried\ntasks: { build: { run: 'sleep 0.3' }, up: { needs: build, exec: [sleep, "0.3"] } }\n`

test('what one machine learned is exported, imported by another, and planned with', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  assert.equal((await folder.plimsoll(['deploy'])).code, 0)
  const exported = await folder.plimsoll(['history', 'export'])
  assert.equal(exported.code, 0)
  assert.deepEqual(
    jsonLines(exported.stdout).map(({ plimsollHistory, task }) => plimsollHistory ?? task),
    [1, 'build', 'up'],
  )
  const toFile = await folder.plimsoll(['history', 'export', 'h.jsonl'])
  assert.match(toFile.stdout, /^h\.jsonl: 2 records\n$/)
  assert.equal(readFileSync(join(folder.path, 'h.jsonl'), 'utf8'), exported.stdout)

  rmSync(join(folder.path, '.plimsoll'), { recursive: true })
  const imported = await folder.plimsoll(['history', 'import', 'h.jsonl', '--json'])
  assert.deepEqual(jsonLines(imported.stdout), [{ type: 'history', file: 'h.jsonl', records: 2, added: 2 }])
  const again = await folder.plimsoll(['history', 'import', 'h.jsonl'])
  assert.match(again.stdout, /^h\.jsonl: 2 records, 0 of them new here\n$/)
  const predicted = await folder.plimsoll(['plan'])
  assert.match(predicted.stdout, /build +run .* history, 1 run/)
})

test('deploy and plan take the file as an option, or from PLIMSOLL_HISTORY, where the option wins', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const variables = { PLIMSOLL_HISTORY: 'variable.jsonl' }
  assert.equal((await folder.plimsoll(['deploy', '--state', 's1'], variables)).code, 0)
  const deployed = await folder.plimsoll(['deploy', '--state', 's2', '--history', 'option.jsonl'], variables)
  assert.equal(deployed.code, 0)
  const linesIn = (name: string) => readFileSync(join(folder.path, name), 'utf8').trimEnd().split('\n').length
  assert.deepEqual([linesIn('variable.jsonl'), linesIn('option.jsonl')], [3, 3])
  const planned = await folder.plimsoll(['plan', '--state', 's3', '--json'], variables)
  const [{ tasks } = {}] = jsonLines(planned.stdout)
  assert.ok(Array.isArray(tasks) && tasks.every(({ estimate }) => estimate.source === 'history'))
})

test('a damaged file is an error with its place and starts nothing', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  folder.write('h.jsonl', '{"plimsollHistory":1}\n{"peakBytes":NaN}\n')
  for (const words of [
    ['deploy', '--history', 'h.jsonl'],
    ['plan', '--history', 'h.jsonl'],
    ['history', 'import', 'h.jsonl'],
  ]) {
    const { code, stderr } = await folder.plimsoll(words)
    assert.equal(code, 2)
    assert.match(stderr, /error HISTORY_INVALID: .*h\.jsonl:2: .*NaN.* is not JSON\nfix: /)
  }
  assert.equal((await folder.plimsoll(['runs'])).code, 2)
})

test('history without a direction, with a wrong one or without a file to read is a mistake of the call', async () => {
  using folder = new Folder()
  for (const words of [['history'], ['history', 'expert'], ['history', 'import']]) {
    const { code, stderr } = await folder.plimsoll(words)
    assert.equal(code, 2)
    assert.match(
      stderr,
      /error USAGE: "plimsoll history" was given .*, expected "export \[FILE\]" or "import FILE"/,
    )
  }
  const missing = await folder.plimsoll(['history', 'import', 'missing.jsonl'])
  assert.match(missing.stderr, /error HISTORY_INVALID: missing\.jsonl: there is no such file/)
})

test('a plan says of what never ran that it is guessed, task by task and in the sums', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const cold = await folder.plimsoll(['plan'])
  assert.match(cold.stdout, /build +run +\S+ \S+ +guess +unknown/)
  assert.match(cold.stdout, /expected time +2\.0 s \(a guess: 2 tasks never ran before\)/)
  assert.match(cold.stdout, /expected memory +\S+ \S+ at most \(a guess: 2 tasks never ran before\)/)
  await folder.plimsoll(['deploy', '--only', 'build'])
  const warm = await folder.plimsoll(['plan'])
  assert.match(warm.stdout, /build +run +\S+ \S+ +history, 1 run \(50 %\)/)
  assert.match(warm.stdout, /expected memory .* \(a guess: 1 task never ran before\)/)
  await folder.plimsoll(['deploy'])
  assert.doesNotMatch((await folder.plimsoll(['plan'])).stdout, /guess/)
})
