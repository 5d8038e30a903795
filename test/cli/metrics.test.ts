import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Folder, jsonLines, mainFile } from './plimsoll.ts'

const beginMs = Date.UTC(2026, 10, 28, 8)
const samples = Array.from({ length: 120 }, (_, index) =>
  ['200', '500'].map((code) =>
    JSON.stringify({
      name: 'requests_total',
      labels: { code },
      timestampMs: beginMs + index * 60_000 + 500,
      value: index * (code === '200' ? 60 : 6),
    }),
  ),
)
  .flat()
  .join('\n')

async function recorded(): Promise<Folder> {
  const folder = new Folder()
  folder.write('samples.jsonl', `${samples}\n`)
  const { code, stdout, stderr } = await folder.plimsoll(['metrics', 'import', 'samples.jsonl'])
  assert.deepEqual([code, stdout, stderr], [0, '240 samples imported\n', ''])
  return folder
}

const page = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
const examples = [...page.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, text = '']) =>
  text.trim().split('\n'),
)

test('every command that docs/metrics.md shows runs, in that order', async () => {
  using folder = new Folder()
  folder.write('samples.jsonl', `${samples}\n`)
  assert.ok(examples.length > 8)
  for (const example of examples) {
    const { code, stderr } = await folder.plimsoll(example.split(' ').slice(1))
    assert.deepEqual([code, stderr], [0, ''], example)
  }
  assert.ok(existsSync(join(folder.path, 'all.csv')))
})

test('query draws a picture for each group, without colours where none are wanted, as wide as is usual', async () => {
  using folder = await recorded()
  const words = ['--by', 'code', '--from', '2026-11-28T08:00:00Z', '--to', '2026-11-28T10:00:00Z']
  const { stdout } = await folder.plimsoll(['metrics', 'query', 'requests_total', ...words, '--step', '10m'])
  const lines = stdout.split('\n')
  assert.equal(lines.filter((line) => line.startsWith('rate of requests_total{code=')).length, 2)
  assert.ok(lines.some((line) => line.includes('####')))
  assert.ok(lines.every((line) => line.length <= 80))
  assert.match(stdout, /2026-11-28 08:00 +2026-11-28 10:00/)
  assert.ok(!stdout.includes('\u001b'))
  const coloured = await folder.plimsoll(['metrics', 'query', 'requests_total', ...words], {
    FORCE_COLOR: '1',
  })
  assert.ok(coloured.stdout.includes('\u001b[32m'))
})

test('query answers programs with one object for each value', async () => {
  using folder = await recorded()
  const times = ['--from', '2026-11-28', '--to', '2026-11-29', '--step', '1h']
  const words = ['--aggregate', 'max', '--match', 'code=500', ...times, '--json']
  const { stdout } = await folder.plimsoll(['metrics', 'query', 'requests_total', ...words])
  assert.deepEqual(jsonLines(stdout), [
    { name: 'requests_total', labels: {}, timestampMs: beginMs, value: 59 * 6 },
    { name: 'requests_total', labels: {}, timestampMs: beginMs + 3_600_000, value: 119 * 6 },
  ])
})

for (const [format, ending] of [
  ['openmetrics', 'om'],
  ['prometheus', 'prom'],
  ['csv', 'csv'],
  ['jsonl', 'jsonl'],
] as const)
  test(`what is exported as ${format} is imported again, as it was`, async () => {
    using folder = await recorded()
    const file = `all.${ending}`
    await folder.plimsoll(['metrics', 'export', '--output', file])
    const other = ['--state', 'other']
    const imported = await folder.plimsoll(['metrics', 'import', file, ...other, '--json'])
    assert.deepEqual(jsonLines(imported.stdout), [{ type: 'imported', samples: 240, duplicates: 0 }])
    const twice = await folder.plimsoll(['metrics', 'import', file, ...other])
    assert.match(twice.stdout, /240 samples imported, of which 240 replaced one of the same time/)
    const [first, second] = await Promise.all(
      [[], other].map((words) => folder.plimsoll(['metrics', 'export', '--format', 'jsonl', ...words])),
    )
    assert.equal(second?.stdout, first?.stdout)
    assert.equal(first?.stdout.split('\n').length, 241)
  })

test('an import that fails says in which line, and what is recorded', async () => {
  using folder = new Folder()
  folder.write('bad.csv', 'name,timestamp,value\nup,5,1\nup,6,x\n')
  const { code, stderr } = await folder.plimsoll(['metrics', 'import', 'bad.csv'])
  assert.equal(code, 2)
  assert.match(stderr, /METRIC_TEXT_INVALID: line 3: has the value "x" \(the first 1 samples/)
  const summary = await folder.plimsoll(['metrics', 'summary', '--json'])
  assert.deepEqual(jsonLines(summary.stdout), [{ name: 'up', series: 1, samples: 1, firstMs: 5, lastMs: 5 }])
})

test('the audit knows who imported what, also when it failed half-way', async () => {
  using folder = new Folder()
  folder.write('bad.csv', 'name,timestamp,value\nup,5,1\nup,6,x\n')
  folder.write('good.csv', 'name,timestamp,value\nup,5,2\nup,6,3\n')
  assert.equal((await folder.plimsoll(['metrics', 'import', 'bad.csv'])).code, 2)
  assert.equal((await folder.plimsoll(['metrics', 'import', 'good.csv'])).code, 0)
  const { stdout } = await folder.plimsoll(['audit', '--action', 'metrics-import', '--json'])
  assert.deepEqual(
    jsonLines(stdout).map(({ by, detail }) => [Object(by).command, detail]),
    [
      ['plimsoll metrics import good.csv', '2 samples imported, of which 1 replaced one of the same time'],
      ['plimsoll metrics import bad.csv', 'METRIC_TEXT_INVALID: 1 samples imported'],
    ],
  )
})

test('an import that waits for its input is interrupted; what came until then is recorded, chunk by chunk', async () => {
  using folder = new Folder()
  const words = ['metrics', 'import', '-', '--format', 'jsonl', '--json']
  const child = spawn(process.execPath, [mainFile, ...words], {
    cwd: folder.path,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, PLIMSOLL_CHUNK_SIZE: '50' },
  })
  const printed = text(child.stdout)
  const lines = Array.from({ length: 120 }, (_, timestampMs) =>
    JSON.stringify({ name: 'up', timestampMs, value: 1 }),
  )
  child.stdin.write(`${lines.join('\n')}\n`)
  let summary = ''
  while (!summary.includes('"samples":100,'))
    summary = (await folder.plimsoll(['metrics', 'summary', '--json'])).stdout
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 130)
  assert.match(await printed, /"code":"INTERRUPTED".*the first 120 samples of the source are recorded/)
})

test('prune deletes what is older than the days that are kept', async () => {
  using folder = new Folder()
  const now = Date.now()
  folder.write(
    'two.jsonl',
    [now - 3 * 86_400_000, now]
      .map((timestampMs) => JSON.stringify({ name: 'up', timestampMs, value: 1 }))
      .join('\n'),
  )
  await folder.plimsoll(['metrics', 'import', 'two.jsonl'])
  const { stdout } = await folder.plimsoll(['metrics', 'prune', '--retention-days', '1', '--json'])
  assert.deepEqual(jsonLines(stdout), [{ type: 'pruned', samples: 1, series: 0 }])
  const latest = await folder.plimsoll(['metrics', 'latest', 'up'])
  assert.match(latest.stdout, /^up 1 20/)
})

test('prune takes no name: it deletes nothing then, and says how one metric is put together; the audit knows who pruned', async () => {
  using folder = new Folder()
  folder.write(
    'two.jsonl',
    ['up', 'down'].map((name) => JSON.stringify({ name, timestampMs: 1, value: 1 })).join('\n'),
  )
  await folder.plimsoll(['metrics', 'import', 'two.jsonl'])
  const named = await folder.plimsoll(['metrics', 'prune', 'up', '--retention-days', '1'])
  assert.equal(named.code, 2)
  assert.match(named.stderr, /USAGE: "plimsoll metrics prune" takes no word, and was given "up"/)
  assert.match(named.stderr, /fix: .*--downsample NAME:7d:5m/)
  assert.equal((await folder.plimsoll(['metrics', 'names'])).stdout, 'down\nup\n')

  await folder.plimsoll(['metrics', 'prune', '--retention-days', '1'])
  const [entry, ...more] = jsonLines(
    (await folder.plimsoll(['audit', '--action', 'metrics-prune', '--json'])).stdout,
  )
  assert.deepEqual(more, [])
  assert.equal(entry?.detail, '2 samples deleted, 0 put together')
  assert.equal(Object(entry?.by).command, 'plimsoll metrics prune --retention-days 1')
})

test('a metric that is not recorded is named as such, and one that is recorded has no samples elsewhere', async () => {
  using folder = await recorded()
  for (const word of ['query', 'latest', 'summary', 'export']) {
    const unknown = await folder.plimsoll(['metrics', word, 'request_total'])
    assert.deepEqual([unknown.code, unknown.stdout], [2, ''], word)
    assert.match(unknown.stderr, /METRIC_UNKNOWN: .*did you mean "requests_total"/)
  }
  for (const word of ['latest', 'summary']) {
    const other = await folder.plimsoll(['metrics', word, 'requests_total', '--match', 'code=418'])
    assert.deepEqual([other.code, other.stderr], [0, ''], word)
  }
})

test('prune puts old samples together, and a query answers as before', async () => {
  using folder = new Folder()
  const samples = ['up', 'down'].flatMap((name) =>
    Array.from({ length: 60 }, (_, minute) => ({ name, timestampMs: minute * 60_000, value: minute })),
  )
  folder.write('hour.jsonl', samples.map((sample) => JSON.stringify(sample)).join('\n'))
  await folder.plimsoll(['metrics', 'import', 'hour.jsonl'])
  const { stdout } = await folder.plimsoll(['metrics', 'prune', '--downsample', 'up:1d:5m', '--json'])
  assert.deepEqual(jsonLines(stdout), [{ type: 'pruned', samples: 0, series: 0, downsampled: 60 }])
  const day = ['--from', '1970-01-01', '--to', '1970-01-02', '--step', '1h', '--json']
  const query = await folder.plimsoll(['metrics', 'query', 'up', '--aggregate', 'avg', ...day])
  assert.deepEqual(jsonLines(query.stdout), [{ name: 'up', labels: {}, timestampMs: 0, value: 29.5 }])
  // Nothing is left under its own name.
  await folder.plimsoll(['metrics', 'prune', '--downsample', 'up:1d:5m'])
  const empty = await folder.plimsoll(['metrics', 'query', 'up', '--aggregate', 'avg'])
  assert.deepEqual([empty.code, empty.stdout], [0, 'no samples in this time\n'])
})

test('serve answers a scraper until it is interrupted', async () => {
  using folder = await recorded()
  const child = folder.start(['metrics', 'serve', '--port', '0', '--json'])
  const [line] = await once(createInterface(child.stdout), 'line')
  const { url } = JSON.parse(line) as { url: string }
  const answer = await (await fetch(url, { headers: { accept: 'application/openmetrics-text' } })).text()
  assert.match(answer, /^# TYPE requests counter\n/)
  assert.deepEqual(
    answer
      .split('\n')
      .filter((text) => text.startsWith('requests_total'))
      .toSorted(),
    ['requests_total{code="200"} 7140', 'requests_total{code="500"} 714'],
  )
  child.kill('SIGINT')
  const [code] = await once(child, 'close')
  assert.equal(code, 0)
})

const wrong: readonly (readonly [words: string, says: RegExp])[] = [
  ['', /what of the metrics\? expected one of names, query/],
  ['serv', /no "plimsoll metrics serv"; did you mean "serve"\?/],
  ['names --from 5', /"plimsoll metrics names" has no option --from/],
  ['query', /needs the name of a metric/],
  [
    'query request_total',
    /METRIC_UNKNOWN: no metric "request_total" is recorded; did you mean "requests_total"\?/,
  ],
  ['query requests_total --aggregate mean', /METRIC_QUERY_INVALID: there is no aggregate "mean"/],
  [
    'query requests_total --match code=~(',
    /METRIC_QUERY_INVALID: the regular expression "\(" of the label "code"/,
  ],
  ['query requests_total --from yesterday', /USAGE: --from is "yesterday"/],
  ['query requests_total --from 1h --to 2h', /USAGE: --from must lie before --to/],
  ['query requests_total --step 0s', /USAGE: --step is "0s"/],
  ['export --format xml', /USAGE: --format is "xml", expected openmetrics/],
  ['import samples.bin', /USAGE: samples.bin: --format must say what it is/],
  ['import nowhere.csv', /METRIC_TEXT_INVALID: .*nowhere.csv cannot be read: ENOENT/],
  ['prune', /USAGE: metrics prune needs --retention-days/],
  ['prune --retention-days some', /USAGE: --retention-days is "some"/],
  ['prune --downsample 7d', /USAGE: --downsample is "7d", expected AGE:STEP/],
  ['serve --port 99999', /USAGE: --port is "99999"/],
  ['serve requests_total', /USAGE: "plimsoll metrics serve" takes no word, and was given "requests_total"/],
]
test('what is wrong with a call is told, and nothing is printed', async () => {
  using folder = await recorded()
  for (const [words, says] of wrong) {
    const { code, stdout, stderr } = await folder.plimsoll(['metrics', ...words.split(' ').filter(Boolean)])
    assert.deepEqual([code, stdout], [2, ''], words)
    assert.match(stderr, says)
  }
})

test('reading makes no record where there is none', async () => {
  using folder = new Folder()
  for (const word of ['names', 'latest', 'summary', 'export', 'serve']) {
    const { code, stderr } = await folder.plimsoll(['metrics', word])
    assert.equal(code, 2, word)
    assert.match(stderr, /METRIC_UNKNOWN: nothing has been recorded/)
  }
  assert.ok(!existsSync(join(folder.path, '.plimsoll')))
})
