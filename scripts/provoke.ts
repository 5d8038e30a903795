/**
 * Makes real tools fail in known ways and keeps what they print: `node scripts/provoke.ts [NAME...]` runs each script of
 * `provoke/cases/` in an empty folder and writes `test/experts/logs/NAME.log` and `labels.jsonl`, on which the tests and
 * `npm run eval -- test/experts/logs` stand. Cases whose tools are not here are left as they are. Nothing leaves the
 * machine: hosts end in `.invalid`, and servers are on loopback: `$HTTP` answers with the status that the path names or
 * not at all (`/slow`), `$TLS` has a certificate that nobody trusts, `$PG` is a PostgreSQL server.
 */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  createWriteStream,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir, userInfo } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openServers } from './provoke/servers.ts'

type Case = {
  readonly name: string
  /** Of the taxonomy; what a person who wrote the script knows to be the cause. */
  readonly cause: string
  /** Of the log, that show it: what a person would point at, from 1, as editors count them. Not known of healthy ones. */
  readonly lines: readonly string[]
  /** Programs without which the case is left out. */
  readonly needs: readonly string[]
  /** For /bin/sh. */
  readonly script: string
}

const casesDir = fileURLToPath(new URL('./provoke/cases/', import.meta.url))
const logsDir = fileURLToPath(new URL('../test/experts/logs/', import.meta.url))
const binDir = fileURLToPath(new URL('../node_modules/.bin', import.meta.url))
const wanted = process.argv.slice(2)
const mostMs = 120_000

const cases = globSync('*.sh', { cwd: casesDir }).toSorted().map(readCase)
mkdirSync(logsDir, { recursive: true })
await using servers = await openServers()
const path = [binDir, process.env.PATH].join(delimiter)

for (const one of cases) {
  if (wanted.length > 0 && !wanted.includes(one.name)) continue
  const missing = one.needs.filter(
    (program) => !(program === 'postgres' ? servers.hasPostgres : isHere(program)),
  )
  if (missing.length > 0) console.log(`${one.name}: left out, ${missing.join(' and ')} not here`)
  else await provoke(one)
}
writeLabels()

function readCase(file: string): Case {
  const script = readFileSync(join(casesDir, file), 'utf8')
  const head = (name: string): string => new RegExp(`^# ${name}: (.*)$`, 'm').exec(script)?.[1] ?? ''
  const lines = head('lines') === '' ? [] : head('lines').split(', ')
  return { name: basename(file, '.sh'), cause: head('cause'), lines, needs: head('needs').split(' '), script }
}

async function provoke({ name, script }: Case): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'provoke-'))
  const file = join(logsDir, `${name}.log`)
  const output = createWriteStream(join(dir, '.log'))
  await once(output, 'open')
  const child = spawn('/bin/sh', ['-c', script], {
    cwd: dir,
    env: {
      ...servers.variables,
      PATH: path,
      HOME: homedir(),
      LANG: 'C.UTF-8',
      LC_ALL: 'C.UTF-8',
      TERM: 'dumb',
    },
    stdio: ['ignore', output, output],
    timeout: mostMs,
  })
  const [code, signal] = await once(child, 'exit')
  output.end()
  writeFileSync(file, anonymous(readFileSync(join(dir, '.log'), 'utf8'), dir))
  rmSync(dir, { recursive: true, force: true })
  console.log(`${name}: ${signal ?? `exit code ${code}`}`)
}

/** Nothing of this machine stays in a log: folders, the user, ports that were free by chance. */
function anonymous(text: string, dir: string): string {
  return text
    .replaceAll(dir, '/srv/shop')
    .replaceAll(fileURLToPath(new URL('..', import.meta.url)), '/opt/tools/')
    .replaceAll(homedir(), '/home/dev')
    .replaceAll(new RegExp(`\\b${userInfo().username}@`, 'g'), 'dev@')
    .replaceAll(servers.portsPattern, (_, host: string) => `${host}:8099`)
}

function isHere(program: string): boolean {
  try {
    execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', program], {
      env: { PATH: path },
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

function writeLabels(): void {
  const lines = cases
    .filter(({ name }) => existsSync(join(logsDir, `${name}.log`)))
    .map(({ name, cause, lines }) => {
      const label = { id: `provoked/${name}`, file: `${name}.log`, cause }
      return JSON.stringify(lines.length === 0 ? label : { ...label, evidence_lines: lines })
    })
  writeFileSync(join(logsDir, 'labels.jsonl'), `${lines.join('\n')}\n`)
}
