/**
 * Packs the package, checks the tarball with publint and attw, installs it in an empty folder and uses it as a
 * stranger would: command line, library, types, and once with a Node.js that is too old.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const work = mkdtempSync(join(tmpdir(), 'plimsoll-pack-'))
process.on('exit', () => rmSync(work, { recursive: true, force: true }))

type Ended = { readonly exitCode: number | null; readonly stdout: string; readonly stderr: string }
type Place = { readonly cwd: string; readonly variables?: NodeJS.ProcessEnv }

/** What the surrounding `npm run` adds to the environment would leak into the stranger's folder. */
const outside = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('npm_')))

function run(words: readonly [string, ...string[]], { cwd, variables = {} }: Place): Ended {
  const [command, ...rest] = words
  const ended = spawnSync(command, rest, {
    cwd,
    env: { ...outside, ...variables },
    encoding: 'utf8',
    timeout: 300_000,
  })
  if (ended.error) throw ended.error
  return { exitCode: ended.status, stdout: ended.stdout, stderr: ended.stderr }
}

function succeed(words: readonly [string, ...string[]], place: Place): Ended {
  const ended = run(words, place)
  assert.equal(
    ended.exitCode,
    0,
    `${words.join(' ')} ended with ${ended.exitCode}\n${ended.stdout}${ended.stderr}`,
  )
  return ended
}

const step = (saw: string): void => console.log(`pack: ${saw}`)

function pack(): string {
  const { stdout } = succeed(['npm', 'pack', '--silent', '--pack-destination', work], { cwd: root })
  const tarball = globSync('*.tgz', { cwd: work })[0]
  assert.ok(tarball, `npm pack wrote no tarball: ${stdout}`)
  const path = join(work, tarball)
  step(`${tarball}: ${succeed(['tar', '-tzf', path], { cwd: work }).stdout.split('\n').length - 1} files`)
  succeed([join(root, 'node_modules/.bin/publint'), 'run', '--strict', path], { cwd: root })
  step('publint finds nothing')
  succeed([join(root, 'node_modules/.bin/attw'), '--profile', 'esm-only', path], { cwd: root })
  step('attw finds nothing')
  return path
}

function install(tarball: string): string {
  const folder = join(work, 'an empty folder')
  mkdirSync(folder)
  const { node, typescript, '@types/node': nodeTypes } = devDependencies
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'stranger', private: true, type: 'module', allowScripts: { node: true } }),
  )
  const packages = [tarball, `node@${node}`, `typescript@${typescript}`, `@types/node@${nodeTypes}`]
  succeed(['npm', 'install', '--prefer-offline', '--no-audit', '--no-fund', ...packages], { cwd: folder })
  step(`installed beside node@${node}`)
  return folder
}

function useCommandLine(folder: string): void {
  const path = `${join(folder, 'node_modules/.bin')}${delimiter}${process.env.PATH ?? ''}`
  const place = { cwd: folder, variables: { PATH: path, CI: '1' } }
  assert.match(succeed(['plimsoll', '--help'], place).stdout, /deploy/)
  succeed(['plimsoll', 'init'], place)
  assert.ok(existsSync(join(folder, 'plimsoll.yaml')), 'init wrote no plimsoll.yaml')
  const { stdout } = succeed(['plimsoll', 'deploy', '--json'], place)
  const report = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '')
  assert.equal(report.type, 'report')
  assert.equal(report.status, 'succeeded')
  step(`--help, init and deploy: ${Object.keys(report.tasks).length} tasks ${report.status}`)
}

const consumer = `import { deploy, type PlimsollError, readPlan } from 'plimsoll'
import type { Sample } from 'plimsoll/metrics'

export async function ship(file: string): Promise<string> {
  const plan = await readPlan(file, { environment: 'staging' })
  const report = await deploy(plan, { stateDir: '.plimsoll', signal: AbortSignal.timeout(1_000) })
  return report.status
}
export const fixOf = (error: PlimsollError): string => error.fix
export const nameOf = (sample: Sample): string => sample.name
`

const program = `import { deploy, MetricsRepository, PlimsollError, readPlan } from 'plimsoll'
import { MetricsRepository as Same } from 'plimsoll/metrics'
if (Same !== MetricsRepository) throw new Error('the metrics are there twice')
try {
  await readPlan('missing.yaml')
} catch (error) {
  if (!(error instanceof PlimsollError)) throw error
  console.log(error.code)
}
console.log((await deploy(await readPlan('plimsoll.yaml'), {})).status)
`

function useLibrary(folder: string): void {
  const node = join(folder, 'node_modules/.bin/node')
  writeFileSync(join(folder, 'ship.ts'), consumer)
  writeFileSync(join(folder, 'ship.js'), program)
  const options = { strict: true, noEmit: true, module: 'nodenext', target: 'es2024', types: ['node'] }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['ship.ts'] }),
  )
  succeed([join(folder, 'node_modules/.bin/tsc')], { cwd: folder })
  step('a TypeScript program that imports it compiles, its types checked too')
  assert.equal(succeed([node, 'ship.js'], { cwd: folder }).stdout, 'PLAN_UNREADABLE\nsucceeded\n')
  step('a program that imports it reads a plan and deploys')
}

function useOldNode(folder: string): void {
  // Outside every node_modules: what the machine itself has.
  const folders = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.includes('node_modules'))
  const variables = { PATH: folders.join(delimiter) }
  const found = spawnSync('/usr/bin/env', ['node', '--version'], {
    env: { ...outside, ...variables },
    encoding: 'utf8',
  })
  const version = found.status === 0 ? found.stdout.trim() : 'none'
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  if (found.status !== 0 || major > 24 || (major === 24 && minor >= 15)) {
    step(`skipped: the Node.js of this machine is not too old (${version})`)
    return
  }
  const bin = join(folder, 'node_modules/plimsoll/dist/cli/main.js')
  const { exitCode, stdout, stderr } = run(['/usr/bin/env', 'node', bin, 'deploy'], {
    cwd: folder,
    variables,
  })
  assert.equal(exitCode, 2, `${stdout}${stderr}`)
  assert.equal(stdout, '')
  assert.match(stderr, /^[^\n]+24\.15[^\n]*\n$/, 'one sentence that names the version that is needed')
  step(`Node.js ${version}: exit code 2, "${stderr.trim()}"`)
}

const folder = install(pack())
useCommandLine(folder)
useLibrary(folder)
useOldNode(folder)
