import { access, constants, mkdtemp, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemClock } from '../clock.ts'
import { messageOf } from '../errors.ts'
import { enforcementHere, groupVersionHere, MemoryMonitor } from '../memory/memory.ts'
import { layerOfVariables } from '../plan/plan.ts'
import { styleFor } from '../report/report.ts'
import { openStoreForReading, refuseNetworkDisk, type StorePlace } from '../store/store.ts'
import { formatSize } from '../units.ts'
import { monitorHere } from './monitor-here.ts'
import { placeOf } from './with-journal.ts'
import type { RunCommand } from './words.ts'

type Check = { readonly name: string; readonly essential: boolean; readonly run: () => Promise<string> }

const checks = ({ stateDir, database }: StorePlace): readonly Check[] => [
  { name: 'Node.js', essential: true, run: async () => process.versions.node },
  {
    name: 'shell',
    essential: true,
    run: () => access('/bin/sh', constants.X_OK).then(() => '/bin/sh can be executed'),
  },
  { name: 'state directory', essential: true, run: () => stateCheck(stateDir, database !== undefined) },
  ...(database === undefined
    ? []
    : [{ name: 'database', essential: true, run: () => databaseCheck({ stateDir, database }) }]),
  { name: 'variables', essential: true, run: variablesCheck },
  { name: 'memory', essential: false, run: memoryCheck },
  { name: 'memory pressure (PSI)', essential: false, run: stallCheck },
  { name: 'control groups', essential: false, run: groupCheck },
  { name: 'limits of tasks', essential: false, run: limitCheck },
]

/** Each line says ok or what to do; fails only when something essential is missing. */
export const doctorCommand: RunCommand = async (call) => {
  const style = styleFor(process.stdout, process.env)
  let healthy = true
  for (const { name, essential, run } of checks(placeOf(call))) {
    const result = await run().then(
      (found) => ({ ok: true, found }),
      (error: unknown) => ({ ok: false, found: messageOf(error) }),
    )
    if (!result.ok && essential) healthy = false
    const mark = result.ok ? style.green('ok  ') : essential ? style.red('FAIL') : style.yellow('warn')
    if (call.flag('json'))
      process.stdout.write(`${JSON.stringify({ type: 'check', name, essential, ...result })}\n`)
    else process.stdout.write(`${mark}  ${name}: ${result.found}\n`)
  }
  return healthy ? 0 : 1
}

async function stateCheck(stateDir: string, hasDatabase: boolean): Promise<string> {
  if (!hasDatabase) refuseNetworkDisk(stateDir)
  let dir = stateDir
  while (dir !== dirname(dir) && !(await exists(dir))) dir = dirname(dir)
  const probe = await mkdtemp(join(dir, '.plimsoll-probe-')).catch((cause: unknown) => {
    throw new Error(
      `${dir} cannot be written (${messageOf(cause)}); choose another directory with --state DIR`,
    )
  })
  await rm(probe, { recursive: true })
  const { bavail, bsize } = await statfs(dir)
  return `${stateDir} can be written, ${formatSize(bavail * bsize)} free`
}

async function databaseCheck(place: StorePlace): Promise<string> {
  await using store = await openStoreForReading(place)
  if (store === null) return 'it answers; nothing is recorded in it yet'
  const [row] = await store.read<{ readonly runs: number }>('select count(*) as runs from runs')
  return `it answers; runs recorded in it: ${row?.runs ?? 0}`
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Of the components' options; a deployment refuses wrong ones. */
async function variablesCheck(): Promise<string> {
  const count = Object.values(layerOfVariables(process.env)).flatMap(Object.keys).length
  return count === 0
    ? 'no option is set by one'
    : `${count === 1 ? 'one option is' : `${count} options are`} set by them`
}

async function memoryCheck(): Promise<string> {
  using monitor = monitorHere()
  const { capacityBytes, usedBytes, loadLineBytes, level, missing } = monitor.read()
  const sizes = `${formatSize(usedBytes)} used of ${formatSize(capacityBytes)}, load line at ${formatSize(loadLineBytes)}`
  if (level !== 'calm') throw new Error(`${level}: ${sizes}; tasks wait until others have let go of memory`)
  if (missing.length > 0) throw new Error(missing.join('; '))
  return `${level}, ${sizes}`
}

async function stallCheck(): Promise<string> {
  using monitor = new MemoryMonitor()
  const { machine, group } = monitor.stalls()
  if (machine === null) throw new Error('this kernel does not tell stalls; nothing depends on them')
  return `told for the machine${group === null ? '' : ' and for our control group'}`
}

async function groupCheck(): Promise<string> {
  const version = groupVersionHere()
  if (version === null)
    throw new Error('none tells us its limits of memory: those of a container cannot be seen')
  return `version ${version.slice(1)}`
}

async function limitCheck(): Promise<string> {
  const { level, because } = enforcementHere({ clock: systemClock })
  if (level !== 'hard') throw new Error(`${level}: ${because}`)
  return `${level}: ${because}`
}
