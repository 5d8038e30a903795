/**
 * Writes dist/, the published form: types and bundled JavaScript from src, the migrations, an executable bin, and the
 * licences of what was bundled. The command line would else read six hundred files at each start.
 *
 * `node scripts/build.ts memory/memory` leaves that room's door in dist as well, for what measures it.
 */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'

const root = fileURLToPath(new URL('..', import.meta.url))
const src = join(root, 'src')
const dist = join(root, 'dist')

/** Loaded at nearly every start. What is big or seldom wanted stays a package of its own. */
const bundled = ['lru-cache', 'picomatch', 'yaml', 'zod']

function fail(message: string): never {
  console.error(`build: ${message}`)
  process.exit(1)
}

/** Where threads and processes of ours begin: `ownModule('pool/thread-entry')`. */
function named(): readonly string[] {
  const texts = globSync('**/*.ts', { cwd: src }).map((file) => readFileSync(join(src, file), 'utf8'))
  return texts.flatMap((text) => [...text.matchAll(/\bownModule\('([^']+)'\)/g)].map(([, name = '']) => name))
}

function writeTypes(): void {
  const tsc = join(root, 'node_modules/.bin/tsc')
  const ended = spawnSync(tsc, ['--project', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  if (ended.status !== 0) fail(ended.error?.message ?? `tsc ended with ${ended.status ?? ended.signal}`)
}

/**
 * The rules of the offline expert as JSON, which V8 reads in a third of the time of as many literals, and without what
 * only their tests and readers ask for: a failed deployment waits for it.
 */
const rulesAsData: Plugin = {
  name: 'rules-as-data',
  async load(id) {
    if (id !== join(src, 'experts/rules/rules.ts')) return null
    const { rules } = (await import(id)) as typeof import('../src/experts/rules/rules.ts')
    const texts = rules.map(({ log: _, source: __, ...rule }) => rule)
    return `export const rules = JSON.parse(${JSON.stringify(JSON.stringify(texts))})`
  },
}

/** Returns the modules that are in it, as paths from the root. */
async function writeCode(entries: readonly string[]): Promise<readonly string[]> {
  const bundle = await rolldown({
    cwd: root,
    input: Object.fromEntries(entries.map((name) => [name, join(src, `${name}.ts`)])),
    platform: 'node',
    plugins: [rulesAsData],
    external: (id) => /^[@\w]/.test(id) && !bundled.includes(id.split('/')[0] ?? ''),
  })
  const { output } = await bundle.write({
    dir: dist,
    format: 'esm',
    entryFileNames: '[name].js',
    // At the top: `own-files` says why.
    chunkFileNames: '[name]-[hash].js',
    comments: { legal: true, annotation: true, jsdoc: false },
  })
  await bundle.close()
  return output
    .flatMap((file) => (file.type === 'chunk' ? file.moduleIds : []))
    .map((id) => relative(root, id))
}

function writeLicences(modules: readonly string[]): void {
  const packages = new Set(modules.flatMap((id) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1] ?? []))
  const texts = [...packages].sort().map((name) => {
    const [file] = globSync(`node_modules/${name}/LICEN[CS]E*`, { cwd: root })
    if (file === undefined) fail(`${name} is bundled and has no licence to carry with it`)
    return `# ${name}\n\n${readFileSync(join(root, file), 'utf8').trim()}\n`
  })
  writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.md'), texts.join('\n'))
}

rmSync(dist, { recursive: true, force: true })
writeTypes()
const entries = ['index', 'metrics/metrics', 'cli/main', ...named(), ...process.argv.slice(2)]
writeLicences(await writeCode(entries))
for (const file of globSync('**/*.sql', { cwd: src })) {
  mkdirSync(dirname(join(dist, file)), { recursive: true })
  cpSync(join(src, file), join(dist, file))
}

for (const file of globSync('**/*.js', { cwd: dist })) {
  const left = /(['"`])\.{1,2}\/[^'"`\n]*\.ts\1/.exec(readFileSync(join(dist, file), 'utf8'))
  if (left !== null)
    fail(`${relative(root, join(dist, file))} still names ${left[0]}; see "Paths" in CONTRIBUTING.md`)
}
for (const file of [...entries.map((name) => `${name}.js`), 'index.d.ts']) {
  if (!existsSync(join(dist, file))) fail(`dist/${file} was not written`)
}
const bin = join(dist, 'cli/main.js')
if (!readFileSync(bin, 'utf8').startsWith('#!/usr/bin/env node\n'))
  fail('dist/cli/main.js does not begin with #!')
chmodSync(bin, 0o755)
console.log(`build: ${globSync('**/*', { cwd: dist }).length} files in dist`)
