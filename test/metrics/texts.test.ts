import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readCsvSamples, writeCsvSamples } from '../../src/metrics/csv.ts'
import { readExposition } from '../../src/metrics/exposition-read.ts'
import { formatFor, writeExposition } from '../../src/metrics/exposition-write.ts'
import { jsonLineOf, readJsonLines } from '../../src/metrics/json-lines.ts'
import type { Sample } from '../../src/metrics/words.ts'

/** In pieces of some bytes, as a file or a socket gives them. */
function* bytesOf(text: string, size = 7): Iterable<Uint8Array> {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

const bits = (value: number | bigint): string =>
  typeof value === 'bigint' ? `${value}n` : Buffer.from(Float64Array.of(value).buffer).toString('hex')
const exact = (samples: readonly Sample[]) =>
  samples.map(({ value, labels, ...rest }) => ({ ...rest, labels: { ...labels }, value: bits(value) }))
const read = async (source: AsyncIterable<Sample>): Promise<Sample[]> => await Array.fromAsync(source)
const text = async (pieces: AsyncIterable<string>): Promise<string> =>
  (await Array.fromAsync(pieces)).join('')

const stale = new Float64Array(BigUint64Array.of(0x7ff0_0000_0000_0002n).buffer)[0] ?? 0
const anyNumber = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(-0, Number.NaN, 2 ** 53, 2 ** 64, 5e-324),
)
const anyBigint = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n })
const anyText = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 8 })
  .filter((value) => value.isWellFormed())
const hostile = fc.oneof(anyText, fc.constantFrom('"', '\\', 'a\nb', '\\n', '},{', ',', ' # ', '"",\r\n'))
const sampleWith = (value: fc.Arbitrary<number | bigint>): fc.Arbitrary<Sample> =>
  fc.record({
    name: fc.constantFrom('up', 'http_requests_total', 'job:x:y'),
    labels: fc.dictionary(fc.constantFrom('host', 'name', 'value', 'le', '__proto__'), hostile, {
      noNullPrototype: true,
    }),
    timestampMs: fc.integer({ min: -8.64e15, max: 8.64e15 }),
    value,
  })

test('JSON lines read back as they were written, bit for bit', async () => {
  const anySample = sampleWith(fc.oneof(anyNumber, anyBigint, fc.constant(stale)))
  await fc.assert(
    fc.asyncProperty(fc.array(anySample), fc.integer({ min: 1, max: 40 }), async (samples, size) => {
      const written = samples.map(jsonLineOf).join('')
      assert.deepEqual(exact(await read(readJsonLines(bytesOf(written, size), { nowMs: 0 }))), exact(samples))
    }),
  )
})

test('CSV reads back as it was written, bit for bit', async () => {
  const anySample = sampleWith(fc.oneof(anyNumber, anyBigint, fc.constant(stale)))
  await fc.assert(
    fc.asyncProperty(fc.array(anySample), fc.integer({ min: 1, max: 40 }), async (samples, size) => {
      const labels = [...new Set(samples.flatMap((sample) => Object.keys(sample.labels)))]
      const written = await text(writeCsvSamples(samples, labels))
      assert.deepEqual(exact(await read(readCsvSamples(bytesOf(written, size)))), exact(samples))
    }),
  )
})

for (const format of ['prometheus', 'openmetrics'] as const)
  test(`the text of ${format} reads back as it was written; a small counter becomes a number`, async () => {
    const anySample = sampleWith(
      fc.oneof(
        anyNumber,
        anyBigint.filter((value) => value > 2n ** 53n),
      ),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anySample), fc.integer({ min: 1, max: 40 }), async (samples, size) => {
        const timed = samples.map((sample) => ({ ...sample, timestampMs: sample.timestampMs % 2 ** 43 }))
        const written = await text(writeExposition(timed, { format, timestamps: true }))
        assert.deepEqual(
          exact(await read(readExposition(bytesOf(written, size), { format, nowMs: 0 }))),
          exact(timed),
        )
      }),
    )
  })

test('what Prometheus shows in its own documentation is read', async () => {
  // prometheus.io/docs/instrumenting/exposition_formats
  const shown = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="+Inf",} 144320
http_request_duration_seconds_sum 53423
`
  const samples = await read(readExposition(bytesOf(shown), { format: 'prometheus', nowMs: 5 }))
  assert.deepEqual(
    samples.map(({ timestampMs, value }) => [timestampMs, value]),
    [
      [1395066363000, 1027],
      [1395066363000, 3],
      [5, 1.458255915e9],
      [5, 12.47],
      [-3982045, Number.POSITIVE_INFINITY],
      [5, 24054],
      [5, 144320],
      [5, 53423],
    ],
  )
  assert.deepEqual(
    { ...samples[2]?.labels },
    { path: 'C:\\DIR\\FILE.TXT', error: 'Cannot find file:\n"FILE.TXT"' },
  )
})

test('exemplars of OpenMetrics are read over, its seconds become milliseconds', async () => {
  const shown = `# TYPE foo histogram
foo_bucket{le="0.1"} 8 # {} 0.054
foo_bucket{le="1"} 11 1520879607.789 # {trace_id="KOO5S4vxi0o"} 0.67
# EOF
`
  const samples = await read(readExposition(bytesOf(shown), { format: 'openmetrics', nowMs: 5 }))
  assert.deepEqual(
    samples.map(({ timestampMs, value }) => [timestampMs, value]),
    [
      [5, 8],
      [1520879607789, 11],
    ],
  )
})

test('a counter has the type that each format wants', async () => {
  const samples = [
    { name: 'a_total', labels: { code: '1' }, timestampMs: 1_500, value: 5 },
    { name: 'b', labels: {}, timestampMs: 1_500, value: 0.5 },
  ]
  const meaningOf = (name: string) =>
    name === 'b' ? ({ type: 'gauge', help: 'One\nline' } as const) : undefined
  assert.equal(
    await text(writeExposition(samples, { format: 'openmetrics', timestamps: true, meaningOf })),
    '# TYPE a counter\na_total{code="1"} 5 1.5\n# HELP b One\\nline\n# TYPE b gauge\nb 0.5 1.5\n# EOF\n',
  )
  assert.equal(
    await text(writeExposition(samples, { format: 'prometheus', timestamps: false })),
    '# TYPE a_total counter\na_total{code="1"} 5\n# TYPE b untyped\nb 0.5\n',
  )
})

for (const [accept, format] of [
  [undefined, 'prometheus'],
  ['*/*', 'prometheus'],
  ['application/openmetrics-text; version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1', 'openmetrics'],
  ['application/openmetrics-text;q=0.2,text/plain;q=0.9', 'prometheus'],
  ['application/openmetrics-text;q=0', 'prometheus'],
] as const)
  test(`who accepts ${accept} gets the text of ${format}`, () => assert.equal(formatFor(accept), format))

const open = (shown: string) => readExposition(bytesOf(shown), { format: 'openmetrics', nowMs: 0 })
const plain = (shown: string) => readExposition(bytesOf(shown), { format: 'prometheus', nowMs: 0 })
const csv = (shown: string) => readCsvSamples(bytesOf(shown))
const lines = (shown: string) => readJsonLines(bytesOf(shown), { nowMs: 0 })
const wrong: readonly (readonly [string, AsyncIterable<Sample>, RegExp])[] = [
  ['text that breaks off', open('a 1\n'), /^line 2: is missing: .*# EOF/],
  ['text behind the end', open('# EOF\na 1\n'), /^line 2: stands behind "# EOF"/],
  ['an empty line of OpenMetrics', open('a 1\n\n# EOF\n'), /^line 2: is empty/],
  ['a name that is none', plain('a 1\n5a 1\n'), /^line 2: begins with no name.*"5a 1"/],
  ['labels without an end', plain('a{b="c" 1\n'), /^line 1: has no label, or no end of labels, at "1"/],
  ['labels without a comma', plain('a{b="c"d="e"} 1\n'), /^line 1: has no label/],
  ['a label twice', plain('a{b="c",b="d"} 1\n'), /^line 1: has the label "b" twice/],
  ['no value', plain('a\n'), /^line 1: has no value/],
  ['a value that is none', plain('a 0x\n'), /^line 1: has no value of a metric at "0x"/],
  ['a time that is none', plain('a 1 1.5\n'), /^line 1: has the time "1.5"/],
  ['an exemplar where there is none', plain('a 1 # {} 1\n'), /^line 1: goes on behind its value/],
  [
    'bytes that are no UTF-8',
    readExposition([Buffer.from([97, 10, 0xff])], { format: 'prometheus', nowMs: 0 }),
    /^line 1: has no value/,
  ],
  ['a line without an end', plain('a'.repeat(2 ** 20 + 1)), /^line 1: is longer than 1048576 bytes/],
  ['CSV without a column', csv('name,value\n'), /^line 1: names no column "timestamp"/],
  ['a column twice', csv('name,value,timestamp,a,a\n'), /^line 1: names the column "a" twice/],
  ['too few fields', csv('name,timestamp,value\nup,1\n'), /^line 2: has 2 fields where the header has 3/],
  ['a value of CSV', csv('name,timestamp,value\nup,1,x\n'), /^line 2: has the value "x"/],
  ['a time of CSV', csv('name,timestamp,value\nup,now,1\n'), /^line 2: has the time "now"/],
  [
    'an open quote',
    csv('name,timestamp,value\n"up,1,1\nup,1,1\n'),
    /^line 2: has a quote that is never closed/,
  ],
  ['a quote within a field', csv('name,timestamp,value\nu"p",1,1\n'), /^line 2: has a quote in the middle/],
  ['no JSON', lines('\n{"name":"up"\n'), /^line 2: is no JSON/],
  ['JSON that is no object', lines('[]\n'), /^line 1: is no object/],
  ['no name', lines('{"value":1}\n'), /^line 1: has no "name"/],
  ['labels that are no texts', lines('{"name":"a","labels":{"b":1},"value":1}\n'), /^line 1: has "labels"/],
  ['a time in words', lines('{"name":"a","timestampMs":"now","value":1}\n'), /^line 1: has a "timestampMs"/],
  ['a value in words', lines('{"name":"a","value":"many"}\n'), /^line 1: has the "value" "many"/],
]
for (const [what, source, message] of wrong)
  test(`refused with its line: ${what}`, async () => {
    await assert.rejects(read(source), { code: 'METRIC_TEXT_INVALID', message })
  })

test('what stands before a wrong line is given first', async () => {
  const seen: string[] = []
  await assert.rejects(async () => {
    for await (const { name } of plain('a 1\nb 2\n{\n')) seen.push(name)
  })
  assert.deepEqual(seen, ['a', 'b'])
})

test('CSV of a spreadsheet is read: a byte order mark, lines that end with \\r\\n, times in words', async () => {
  const [sample] = await read(
    csv('\ufeffname,timestamp,value,host\r\nup,2026-11-28T00:00:00Z,1,"a ""b"",\r\nc"\r\n'),
  )
  assert.deepEqual(sample, {
    name: 'up',
    labels: { host: 'a "b",\r\nc' },
    timestampMs: Date.UTC(2026, 10, 28),
    value: 1,
  })
})
