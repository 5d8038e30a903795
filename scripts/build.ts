/**
 * Writes dist/, the published form: JavaScript and types from src, the migrations, an executable bin. Fails when a
 * path to a `.ts` file of ours is left in the JavaScript: tsc rewrites imports, not other texts, and Node.js does not
 * strip types inside node_modules.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const bin = join(dist, 'cli/main.js')

function fail(message: string): never {
  console.error(`build: ${message}`)
  process.exit(1)
}

rmSync(dist, { recursive: true, force: true })
const tsc = join(root, 'node_modules/.bin/tsc')
const compiled = spawnSync(tsc, ['--project', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (compiled.status !== 0)
  fail(compiled.error?.message ?? `tsc ended with ${compiled.status ?? compiled.signal}`)

for (const file of globSync('**/*.sql', { cwd: join(root, 'src') })) {
  mkdirSync(dirname(join(dist, file)), { recursive: true })
  cpSync(join(root, 'src', file), join(dist, file))
}

for (const file of globSync('**/*.js', { cwd: dist })) {
  const left = /(['"`])\.{1,2}\/[^'"`\n]*\.ts\1/.exec(readFileSync(join(dist, file), 'utf8'))
  if (left !== null)
    fail(`${relative(root, join(dist, file))} still names ${left[0]}; see "Paths" in CONTRIBUTING.md`)
  if (!existsSync(join(dist, file.replace(/\.js$/, '.d.ts')))) fail(`dist/${file} has no types beside it`)
}

for (const file of [bin, join(dist, 'index.js'), join(dist, 'index.d.ts')]) {
  if (!existsSync(file)) fail(`${relative(root, file)} was not written`)
}
if (!readFileSync(bin, 'utf8').startsWith('#!/usr/bin/env node\n'))
  fail('dist/cli/main.js does not begin with #!')
chmodSync(bin, 0o755)
console.log(`build: ${globSync('**/*', { cwd: dist }).length} files in dist`)
