import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Child, Folder } from './plimsoll.ts'

const go = (name: string): string => `for i in $(seq 1200); do [ -e ${name} ] && break; sleep 0.05; done`
const plan = `name: followed
tasks:
  a: { run: "echo a1; ${go('go-a')}; echo a2" }
  b: { needs: a, run: "printf half; sleep 0.4; echo ' line'; exit 1", retry: { attempts: 2, delay: 100ms } }
  c: { needs: a, run: "echo c" }
`

/** Resolves when the child has printed what is looked for; else when it has ended. */
async function printed(child: Child, wanted: RegExp, stream = child.stdout): Promise<string> {
  let text = ''
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += chunk
    if (wanted.test(text)) return text
  }
  return text
}

async function begun(folder: Folder): Promise<Child> {
  const deploying = folder.start(['deploy'])
  await printed(deploying, /a started/)
  deploying.stdout.resume()
  return deploying
}

test('logs --follow goes on with the run of another process: new lines, new tasks, new attempts, to its end', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const deploying = await begun(folder)
  const [ended, one, follower] = [
    once(deploying, 'close'),
    folder.plimsoll(['logs', 'last', 'c', '--follow']),
    folder.start(['logs', '--follow']),
  ]
  assert.equal(await printed(follower, /a1/), 'a | a1\n')
  const [rest, code] = [printed(follower, /never/), once(follower, 'close')]
  writeFileSync(join(folder.path, 'go-a'), '')
  assert.deepEqual((await rest).trimEnd().split('\n').sort(), [
    ...['a | a2', 'b (attempt 2) | half line', 'b | half line', 'c | c'],
  ])
  assert.deepEqual(await code, [0, null])
  // One task alone is printed as it is.
  assert.deepEqual(await one, { code: 0, stdout: 'c\n', stderr: '' })
  await ended
  const after = await folder.plimsoll(['logs', '--follow', '--task', 'a', '--task', 'c'])
  assert.deepEqual([after.code, after.stdout], [0, 'a | a1\na | a2\nc | c\n'])
})

test('Ctrl-C ends following and leaves the run alone; a run whose engine was killed ends it by itself', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const deploying = await begun(folder)
  const follower = folder.start(['logs', '--follow'])
  await printed(follower, /a1/)
  follower.kill('SIGINT')
  assert.deepEqual(await once(follower, 'close'), [130, null])
  assert.equal(deploying.exitCode, null)
  const other = folder.start(['logs', '--follow'])
  await printed(other, /a1/)
  deploying.kill('SIGKILL')
  const [said, code] = [other.stderr.toArray(), once(other, 'close')]
  assert.deepEqual(await code, [0, null])
  assert.match(String(await said), /nobody goes on with this run: its engine \(process \d+\) is gone/)
  writeFileSync(join(folder.path, 'go-a'), '')
})

test('a log that is cut is shown from its start again, and one that is deleted is told', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const deploying = await begun(folder)
  const ended = once(deploying, 'close')
  const follower = folder.start(['logs', '--follow', '--task', 'a'])
  await printed(follower, /a1/)
  const runs = join(folder.path, '.plimsoll', 'runs')
  const log = join(runs, readdirSync(runs)[0] ?? '', '1.log')
  truncateSync(log)
  const said = await printed(follower, /start\n/, follower.stderr)
  assert.match(said, /1\.log was replaced or cut; it is shown from its start/)
  const rest = printed(follower, /never/)
  writeFileSync(join(folder.path, 'go-a'), '')
  assert.equal(await rest, 'a2\n')
  await ended
  rmSync(log)
  const gone = await folder.plimsoll(['logs', '--follow', '--task', 'a'])
  assert.match(gone.stderr, /1\.log is not there any more/)
})

test('a task that the plan does not have cannot be followed', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', `name: p\ntasks: { build: { run: 'true' } }`)
  await folder.plimsoll(['deploy'])
  const { code, stderr } = await folder.plimsoll(['logs', '--follow', '--task', 'bild'])
  assert.equal(code, 2)
  assert.match(stderr, /did you mean "build"/)
})
