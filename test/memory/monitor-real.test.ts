import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { groupChains } from '../../src/memory/group-chains.ts'
import { MiB } from './machine.ts'

/** A control group of v1 below our own, removed when the test ends. Undefined where none can be made. */
function groupBelow(t: TestContext, limitBytes: number): string | undefined {
  try {
    const own = readFileSync('/proc/self/cgroup', 'latin1')
    const chain = groupChains(own, readFileSync('/proc/self/mountinfo', 'latin1')).find(
      ({ kind }) => kind === 'v1',
    )
    const directory = join(chain?.directories[0] ?? '/none', `plimsoll-test-${process.pid}`)
    mkdirSync(directory)
    t.after(() => rmdirSync(directory))
    writeFileSync(join(directory, 'memory.limit_in_bytes'), String(limitBytes))
    return directory
  } catch {
    return undefined
  }
}

const joinAndRun = 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"'

test('in a real control group: no pressure, pressure before the kernel kills, none when memory was let go', (t) => {
  const parent = groupBelow(t, 160 * MiB)
  if (parent === undefined)
    return t.skip('no control group can be made here; npm run test:cgroup2 makes some')
  const inner = join(parent, 'inner')
  mkdirSync(inner)
  try {
    const fill = [process.execPath, '--expose-gc', fileURLToPath(new URL('fill.ts', import.meta.url))]
    const { stdout, stderr } = spawnSync('sh', ['-c', joinAndRun, 'sh', inner, ...fill], {
      encoding: 'utf8',
      timeout: 60_000,
    })
    const { limitRoomBytes, ...seen } = JSON.parse(stdout || JSON.stringify({ stderr }))
    assert.deepEqual(seen, {
      before: false,
      full: true,
      after: false,
      capacityBytes: 160 * MiB,
      level: 'tight',
    })
    assert.ok(limitRoomBytes > 0 && limitRoomBytes < 0.15 * 160 * MiB, `${limitRoomBytes}`)
  } finally {
    rmdirSync(inner)
  }
})
