/**
 * `npm run demo`: the example from the first deployment to a release that is rolled back, with customers in the shop
 * all the time. Exits 0 only when everything held that it prints at the end.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { type Counted, type Deployed, Stage } from './stage.ts'

type Check = readonly [what: string, seen: string, held: boolean]

const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort())

const startMs = performance.now()
const stage = await Stage.open({ show: true, signal: interrupted.signal })
const checks: Check[] = []
try {
  await play()
} catch (error) {
  if (!interrupted.signal.aborted) throw error
} finally {
  const left = await stage.close()
  checks.push(['still running', left.join(', ') || 'nothing', left.length === 0])
}
conclude()

async function play(): Promise<void> {
  const first = await deploy('1. The first release', 'plimsoll.yaml', '--version', 'v1', '--env', 'staging')
  if (first.exitCode !== 0) return void checks.push(['first release', first.report.status, false])
  await stage.sendCustomers()
  const second = await deploy(
    '2. The next one, under way',
    'plimsoll.yaml',
    '--version',
    'v2',
    '--env',
    'staging',
  )
  const broken = await deploy('3. A broken one', 'broken.yaml')
  interrupted.signal.throwIfAborted()
  checks.push(...whatHeld([first, second, broken], await stage.callCustomersBack()))
}

async function deploy(title: string, ...words: [plan: string, ...options: string[]]): Promise<Deployed> {
  interrupted.signal.throwIfAborted()
  console.log(`\n${title}\n$ plimsoll deploy examples/storefront/${words.join(' ')}\n`)
  const deployed = await stage.deploy(...words)
  interrupted.signal.throwIfAborted()
  return deployed
}

function whatHeld(deployed: readonly Deployed[], counted: Counted): readonly Check[] {
  const ends = deployed
    .map(({ exitCode, report }) => `${report.version} ${report.status} (${exitCode})`)
    .join(', ')
  const versions = counted.versions.join(' -> ')
  using shop = new DatabaseSync(join(stage.data, 'shop.db'), { readOnly: true })
  const schema = shop.prepare('pragma user_version').get()?.user_version
  // Each deployment places one order of its own, as a guest.
  const kept = shop.prepare(`select count(*) as orders from orders where visitor <> 'guest'`).get()?.orders
  return [
    ['deployments', ends, ends === 'v1 succeeded (0), v2 succeeded (0), v3 rolled-back (1)'],
    ['served by', versions, versions === 'v1 -> v2 -> v3 -> v2'],
    [
      'requests',
      `${counted.requests}, failed ${counted.failed}`,
      counted.requests > 0 && counted.failed === 0,
    ],
    ['orders', `${counted.orders} placed, ${kept} in the database`, counted.orders === kept],
    ['connections', `${counted.connections} for 8 customers`, counted.connections === 8],
    ['schema', `${schema} after the undo`, schema === 2],
  ]
}

function conclude(): void {
  const seconds = ((performance.now() - startMs) / 1_000).toFixed(1)
  const held = checks.every(([, , ok]) => ok)
  console.log(interrupted.signal.aborted ? '' : '\nWhat 8 customers saw meanwhile\n')
  for (const [what, seen, ok] of checks) console.log(`  ${ok ? '✔' : '✘'} ${what.padEnd(14)}${seen}`)
  console.log(
    `\n${interrupted.signal.aborted ? 'Interrupted' : held ? 'All held' : 'Not all held'}, after ${seconds} s.`,
  )
  process.exitCode = interrupted.signal.aborted ? 130 : held ? 0 : 1
}
