import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: shop
tasks:
  large: { run: "head -c 50000000 /dev/zero | tail | { sleep 1.5; cat > /dev/null; }", undo: { run: "sleep 0.3" } }
  flaky: { run: "test -e made || { touch made; exit 1; }", retry: { attempts: 2, delay: 300ms } }
  last: { needs: [large, flaky], run: "sleep 0.3; exit 3" }
`

test('show draws the memory of a run and what its tasks did, for people, programs and pull requests', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const deployed = await folder.plimsoll(['deploy'])
  assert.equal(deployed.code, 1)
  const [, runId = ''] = /^over time: plimsoll show (\S+)$/m.exec(deployed.stdout) ?? []

  const { stdout } = await folder.plimsoll(['show', runId])
  assert.match(stdout, /^memory: at most \S+ \S+ in use, by tasks [456]\d(?:\.\d)? MiB; load line .* of /m)
  assert.match(stdout, /^ *load line \S+ \S+ \|[=!]+\|$/m)
  assert.match(stdout, /^large +\|[ .]*#+.*u+ *\| +\d+/m)
  assert.match(stdout, /^flaky +\|[ .]*#+~*2#* +\|/m)
  assert.match(stdout, /^last +\| *\.+#+ *x +\|/m)
  assert.match(stdout, /u is undone/)
  for (const line of stdout.slice(stdout.indexOf('\nmemory: ')).split('\n'))
    assert.ok(line.length <= 80, line)

  const [report = {}] = jsonLines((await folder.plimsoll(['show', '--json'])).stdout)
  const { memory, timeline, peakMemoryBytes } = report as never as {
    memory: { tasksBytes: number; loadLineBytes: number }[]
    timeline: { task: string; parts: { kind: string }[]; marks: { kind: string }[] }[]
    peakMemoryBytes: number
  }
  assert.equal(Math.max(...memory.map(({ tasksBytes }) => tasksBytes)), peakMemoryBytes)
  const waits = new Set(['needs', 'slot', 'memory', 'host'])
  const kindsOf = (name: string): string[] => {
    const { parts, marks } = timeline.find(({ task }) => task === name) ?? { parts: [], marks: [] }
    return [...parts, ...marks].map(({ kind }) => kind).filter((kind) => !waits.has(kind))
  }
  assert.deepEqual(kindsOf('large'), ['running', 'undo'])
  assert.deepEqual(kindsOf('flaky'), ['running', 'pause', 'running', 'attempt'])
  assert.deepEqual(kindsOf('last'), ['running', 'failed'])

  const markdown = (await folder.plimsoll(['show', '--markdown'])).stdout
  assert.match(markdown, /\n```text\nmemory: at most [\s\S]*\nlarge +\|[ .]*#[\s\S]*\n```\n$/)
})

test('an engine that was killed leaves behind what memory was like until then', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    'name: shop\ntasks:\n  a: { run: "sleep 0.4" }\n  b: { needs: a, run: "sleep 30" }\n',
  )
  const child = folder.start(['deploy'])
  for await (const text of child.stdout) if (/ b started/.test(String(text))) break
  child.kill('SIGKILL')
  await once(child, 'close')
  const { stdout } = await folder.plimsoll(['show'])
  assert.match(stdout, /^2 tasks in \S+ \S+: 1 succeeded, 1 cancelled; peak memory [^0]/m)
  assert.match(stdout, /^memory: at most .* load line /m)
  assert.match(stdout, /^a +\|[ .]*#+ *\|/m)
})
