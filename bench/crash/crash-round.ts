/** One deployment whose engine is killed with -9 at moments of chance until it has gone through; then all is counted. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openJournal } from '../../src/journal/journal.ts'
import { ProcessFinder } from '../../src/memory/memory.ts'
import { openStoreForReading } from '../../src/store/store.ts'
import { root } from '../measure.ts'
import { appendModule, crashPlan, expectedLines } from './crash-plan.ts'

const engine = join(root, 'src/cli/main.ts')

export type RoundOptions = {
  readonly folder: string
  readonly random: () => number
  /** How long such a deployment takes, in milliseconds: kills fall into this time. */
  readonly usualMs: number
  /** Engines find here what Node.js has compiled of their code before. */
  readonly compileCache: string
  readonly database?: string
  /** Called beside each kill of the engine, and once while the last engine works: its database server is killed, too. */
  readonly onKill?: () => Promise<void>
}

export type Counts = {
  readonly kills: number
  /** How long it took, where nothing was killed; else null. */
  readonly undisturbedMs: number | null
  /** Tasks that ran more than once, or not at all. */
  readonly wrongRuns: number
  readonly orphans: number
  readonly heldLocks: number
  readonly recordProblems: number
  readonly leftFiles: number
  readonly unfinished: number
  readonly problems: readonly string[]
}

/** The greatest number of kills of one deployment. */
const mostKills = 6

export async function crashRound(options: RoundOptions): Promise<Counts> {
  const { folder, random, usualMs, onKill } = options
  writeFileSync(join(folder, 'plimsoll.yaml'), crashPlan(random))
  writeFileSync(join(folder, 'append.ts'), appendModule)
  const problems: string[] = []
  let kills = 0
  let words = ['deploy']
  const startMs = performance.now()
  for (let isOver = false; !isOver; ) {
    const child = start(words, options)
    const kill = kills < mostKills && (kills === 0 || random() < 0.7)
    const ended = once(child, 'close')
    const said = textOf(child)
    const isOverBefore = kill || onKill ? await endsWithin(ended, random() * usualMs) : true
    if (kill && !isOverBefore) {
      child.kill('SIGKILL')
      kills += 1
      await Promise.all([ended, onKill?.()])
    } else {
      if (!isOverBefore) await onKill?.()
      const [code] = await ended
      const text = await said
      // The server was away when it wanted to begin: nothing was started, and whoever called it calls again.
      isOver = !(onKill && code === 2 && text.includes('DATABASE_UNREACHABLE'))
      if (isOver && code !== 0) problems.push(`${words.join(' ')} ended with ${code}: ${text.slice(-600)}`)
    }
    words = random() < 0.5 && (await isRecorded(options)) ? ['resume'] : ['deploy']
  }
  const undisturbedMs = kills === 0 && !onKill ? performance.now() - startMs : null
  return { ...(await countAll(options, problems)), kills, undisturbedMs }
}

function start(words: readonly string[], { folder, database, compileCache }: RoundOptions): ChildProcess {
  const { NODE_TEST_CONTEXT, CI, ...variables } = process.env
  const store = database === undefined ? [] : ['--database', database]
  return spawn(process.execPath, [engine, ...words, ...store], {
    cwd: folder,
    env: { ...variables, NODE_OPTIONS: '', NODE_COMPILE_CACHE: compileCache },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}

async function textOf({ stderr }: ChildProcess): Promise<string> {
  let text = ''
  for await (const chunk of stderr ?? []) text = (text + String(chunk)).slice(-4_000)
  return text
}

async function endsWithin(ended: Promise<unknown>, ms: number): Promise<boolean> {
  return await Promise.race([
    ended.then(() => true),
    new Promise<boolean>((resolve) => setTimeout(resolve, ms, false)),
  ])
}

async function isRecorded({ folder, database }: RoundOptions): Promise<boolean> {
  if (database === undefined && !existsSync(join(folder, '.plimsoll/plimsoll.db'))) return false
  await using store = await openStoreForReading({ stateDir: join(folder, '.plimsoll'), database })
  return store ? (await openJournal(store).runs({ limit: 1 })).length > 0 : false
}

async function countAll(
  options: RoundOptions,
  said: readonly string[],
): Promise<Omit<Counts, 'kills' | 'undisturbedMs'>> {
  const { folder, database } = options
  const problems = [...said]
  await using store = await openStoreForReading({ stateDir: join(folder, '.plimsoll'), database })
  if (!store) throw new Error(`nothing was recorded: ${said.join('; ')}`)
  const journal = openJournal(store)
  const [last] = await journal.runs({ limit: 2 })
  if (!last) throw new Error(`no run was recorded: ${said.join('; ')}`)
  const record = await journal.verify(last.runId)
  const finder = new ProcessFinder()
  const attempts = await journal.attempts(last.runId)
  const orphans = attempts.flatMap(({ token }) => finder.findByToken(token))
  const lines = existsSync(join(folder, 'count'))
    ? readFileSync(join(folder, 'count'), 'utf8').trimEnd().split('\n')
    : []
  const wrong = differences(lines, expectedLines())
  const locks = await store.read(`select plan from locks where run_id is not null limit 10`)
  const left = globSync('.plimsoll/runs/*/*', { cwd: folder }).filter((file) => !file.endsWith('.log'))
  problems.push(...record, ...wrong, ...left.map((file) => `${file} was left`))
  return {
    wrongRuns: wrong.length,
    orphans: orphans.length,
    heldLocks: locks.length,
    recordProblems: record.length,
    leftFiles: left.length,
    unfinished: last.status === 'succeeded' ? 0 : 1,
    problems,
  }
}

/** What is there more or less often than it should be. */
function differences(found: readonly string[], expected: ReadonlyMap<string, number>): readonly string[] {
  const counts = new Map<string, number>([...expected.keys()].map((line) => [line, 0]))
  for (const line of found) counts.set(line, (counts.get(line) ?? 0) + 1)
  return [...counts]
    .filter(([line, count]) => count !== (expected.get(line) ?? 0))
    .map(([line, count]) => `"${line}" is there ${count} times`)
}
