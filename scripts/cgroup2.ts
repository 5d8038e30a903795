/**
 * `npm run test:cgroup2`: the built package on a real control group hierarchy of version 2, in a guest of its own
 * under software emulation. `npm run test:systemd`: the same in a guest that systemd runs. Exit code 0 when every check
 * passed, 1 when one failed, 2 when something is missing to run it at all. `--prepare` fetches what the guest is made of
 * first; `--only PATTERN` runs the tests whose titles match.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { boot } from './cgroup2/boot.ts'
import { buildImage } from './cgroup2/image.ts'
import { findRequirements, prepareKernel, type Requirements } from './cgroup2/requirements.ts'
import { missingForSystemd, prepareSystemd } from './cgroup2/systemd.ts'

/** A quarter of that where nothing else runs. */
const longestSeconds = 600
const say = (text: string): void => console.log(`${name}: ${text}`)

const { values } = parseArgs({
  options: {
    prepare: { type: 'boolean' },
    only: { type: 'string', default: '.' },
    systemd: { type: 'boolean', default: false },
  },
})
const isSystemd = values.systemd
const name = isSystemd ? 'systemd' : 'cgroup2'
if (values.prepare) say(`kernel: ${prepareKernel()}`)
if (values.prepare && isSystemd) say(`systemd: ${prepareSystemd()}`)
const found = findRequirements()
const missing = [...('qemu' in found ? [] : found), ...(isSystemd ? missingForSystemd() : [])]
if ('qemu' in found && missing.length === 0) process.exitCode = await test(found)
else {
  for (const sentence of missing) console.error(`${name}: ${sentence}`)
  process.exitCode = 2
}

async function test(requirements: Requirements): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-cgroup2-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  const build = fileURLToPath(new URL('build.ts', import.meta.url))
  if (spawnSync(process.execPath, [build, 'memory/memory'], { stdio: 'inherit' }).status !== 0) return 1
  const image = join(folder, 'image')
  buildImage(requirements, { image, only: values.only, isSystemd })
  say(`booting ${basename(requirements.kernel)} under emulation, at most ${longestSeconds} s`)
  const startMs = performance.now()
  const { exitCode, lines } = await boot(requirements, { folder, image, longestSeconds, isSystemd })
  const seconds = Math.round((performance.now() - startMs) / 1_000)
  if (exitCode === null) {
    console.log(lines.slice(-30).join('\n'))
    say(`the guest ended without a result after ${seconds} s`)
    return 1
  }
  const counted = (word: string): string =>
    lines.findLast((line) => line.startsWith(`ℹ ${word} `)) ?? `no "${word}"`
  say(`${counted('pass')}, ${counted('fail')}, ${counted('skipped')}, exit code ${exitCode}, ${seconds} s`)
  return exitCode === 0 && counted('pass') !== 'ℹ pass 0' ? 0 : 1
}
