/**
 * Secrets that nobody named, in output that is cut anywhere: how fast it is masked, how often wrongly, and whether any of
 * 49 kinds is left anywhere after a real deployment. Beside it secretlint alone, and the list of regular expressions that
 * one finds in blogs. `PLIMSOLL_BENCH_LOGS=DIR` names logs in which there should be nothing to mask.
 */
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createRedactor } from '../src/redact/redact.ts'
import { secondLook } from '../src/redact/second-look.ts'
import { plantSecrets } from '../test/redact/planted.ts'
import { atLeast, type BenchResult, median, never, promised, told } from './measure.ts'
import { seekLeaks } from './redact/leaks.ts'
import { printedText } from './redact/texts.ts'

export const name = 'redact'
const runs = 5
const chunkBytes = 64 * 1024
const textBytes = 32_000_000
const fewestMegabytes = 10
const mostFalse = 5

/** Masks a text in pieces; in which of them a secret is cut is the business of the contestant. */
type Contestant = (text: Buffer) => Promise<string>

const ours: Contestant = async (text) => {
  const stream = createRedactor([]).keptStream()
  const parts: Uint8Array[] = []
  for (let at = 0; at < text.length; at += chunkBytes) {
    parts.push(await stream.push(text.subarray(at, at + chunkBytes)))
  }
  return Buffer.concat([...parts, await stream.end()]).toString()
}

const inPieces =
  (mask: (piece: string) => string | Promise<string>): Contestant =>
  async (text) => {
    const parts: string[] = []
    for (let at = 0; at < text.length; at += chunkBytes) {
      parts.push(await mask(text.toString('latin1', at, at + chunkBytes)))
    }
    return Buffer.from(parts.join(''), 'latin1').toString()
  }

/** As they stand in many a README. */
const usualList = [
  /gh[pousr]_[A-Za-z0-9]{36}/g,
  /AKIA[0-9A-Z]{16}/g,
  /xox[baprs]-[0-9A-Za-z-]+/g,
  /sk_live_[0-9a-zA-Z]{24}/g,
  /AIza[0-9A-Za-z_-]{35}/g,
  /eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?-----END [A-Z ]*PRIVATE KEY-----/g,
  /(?:password|passwd|secret|token|api_?key)\s*[:=]\s*\S+/gi,
  /:\/\/[^:\s]+:[^@\s]+@/g,
  /bearer\s+\S+/gi,
]

const contestants: Readonly<Record<string, Contestant>> = {
  'plimsoll, as output is kept': ours,
  'secretlint alone, in pieces of 64 KiB': inPieces(secondLook),
  'a usual list of ten expressions, the same pieces': inPieces((piece) =>
    usualList.reduce((text, expression) => text.replace(expression, '***'), piece),
  ),
}

export async function run(): Promise<BenchResult> {
  const logs = logsIn(process.env.PLIMSOLL_BENCH_LOGS)
  const sample = logs.length > 0 ? Buffer.concat(logs) : Buffer.from(printedText().text)
  const large = Buffer.concat(Array.from({ length: Math.ceil(textBytes / sample.length) }, () => sample))
  const rows = []
  for (const [name, mask] of Object.entries(contestants)) {
    const isOurs = mask === ours
    const missed = await missedBy(mask)
    const speeds = await speedsOf(mask, large)
    rows.push(
      isOurs ? atLeast(name, speeds, { unit: 'MB/s', least: fewestMegabytes }) : told(name, speeds, 'MB/s'),
      isOurs
        ? never('  of 49 kinds not masked', [missed.length], 'kinds')
        : told('  of 49 kinds not masked', [missed.length], 'kinds'),
    )
    if (logs.length === 0) continue
    const wrong = (await Promise.all(logs.map((log) => linesChanged(log, mask)))).reduce(
      (sum, count) => sum + count,
      0,
    )
    rows.push(
      isOurs
        ? promised('  lines of the logs masked', [wrong], { unit: 'lines', floor: mostFalse })
        : told('  lines of the logs masked', [wrong], 'lines'),
    )
  }
  rows.push(
    atLeast('plimsoll, the slowest of hostile texts', [await slowestMegabytes()], { unit: 'MB/s', least: 1 }),
  )
  const leaks = await seekLeaks()
  rows.push(
    never(
      `a deployment that prints ${leaks.planted} secrets: found anywhere`,
      [leaks.found.length],
      'places',
    ),
  )
  return {
    title: 'Secrets in output, masked',
    runs,
    rows,
    notes: [
      logs.length > 0
        ? `${(sample.length / 1e6).toFixed(1)} MB of logs, ${logs.length} files`
        : 'no logs were given (PLIMSOLL_BENCH_LOGS=DIR): the text is made up, and wrong findings are not counted',
      `the deployment: ${leaks.lines} lines a task, cut at random places; searched: ${(leaks.bytesSearched / 1e6).toFixed(1)} MB of journal, logs, reports, output, messages, and ${leaks.commandLines} command lines`,
      ...leaks.found.slice(0, 10),
    ],
  }
}

function logsIn(directory: string | undefined): readonly Buffer[] {
  if (!directory) return []
  const files = globSync('**/*', { cwd: directory }).map((file) => join(directory, file))
  return files.filter((file) => statSync(file).isFile()).map((file) => readFileSync(file))
}

/** Each kind in a text of its own: what another kind masks by chance does not count. */
async function missedBy(mask: Contestant): Promise<readonly string[]> {
  const missed: string[] = []
  for (const { kind, line, values } of plantSecrets(Math.random)) {
    const output = await mask(Buffer.from(`before\n${line}\nafter\n`))
    if (values.some((value) => output.includes(value))) missed.push(kind)
  }
  return missed
}

async function speedsOf(mask: Contestant, text: Buffer): Promise<readonly number[]> {
  const speeds: number[] = []
  for (let turn = 0; turn < runs; turn += 1) {
    const startMs = performance.now()
    await mask(text)
    speeds.push(text.length / 1_000 / (performance.now() - startMs))
  }
  return [median(speeds)]
}

/** Full of beginnings, without a line end: what a rule that is not linear would need minutes for. */
const hostile = [
  ...[
    'a',
    'eyJ',
    'eyJ.',
    'token=',
    'token: ',
    '://',
    '://a:',
    '-----BEGIN ',
    'sk-',
    'sk-ant-',
    'password : ',
    'ghp_ gho_ ',
  ],
  ...[
    'authorization: bearer ',
    'hooks.slack.com/services/',
    '-----BEGIN PRIVATE KEY----- ab ',
    `eyJ${'a'.repeat(339)} `,
  ],
  ...['"auth":"', '_authToken=', 'AccountKey=', '?sig=', 'A'.repeat(79), '\\n', '="', 'SG.a.'],
  ...['mysql -p', '://a:b', 'curl -u a', 'htpasswd -b ', 'cookie: a', 'create user ', 'redis-cli -a -'],
]

async function slowestMegabytes(): Promise<number> {
  const speeds: number[] = []
  for (const pattern of hostile) {
    const text = Buffer.from(pattern.repeat(Math.ceil(1_000_000 / pattern.length)))
    const startMs = performance.now()
    await ours(text)
    speeds.push(text.length / 1_000 / (performance.now() - startMs))
  }
  return Math.min(...speeds)
}

async function linesChanged(log: Buffer, mask: Contestant): Promise<number> {
  const before = log.toString().split('\n')
  const after = (await mask(log)).split('\n')
  return before.filter((line, index) => line !== after[index]).length
}
