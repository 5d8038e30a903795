import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('../scripts/cgroup2.ts', import.meta.url))
const isX64Linux = process.platform === 'linux' && process.arch === 'x64'

test('without an emulator or a kernel the guest tests say how to get them, and end with 2', (t) => {
  if (!isX64Linux) return t.skip('the guest runs on Linux with an x86-64 processor')
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-nothing-'))
  t.after(() => rmSync(folder, { recursive: true }))
  symlinkSync('/nowhere', join(folder, 'cpio'))
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    env: { PATH: folder, XDG_CACHE_HOME: folder },
    encoding: 'utf8',
  })
  assert.equal(status, 2, stderr)
  assert.equal(stdout, '')
  for (const word of ['qemu-system-x86', 'busybox-static', 'cpio', '--prepare', folder])
    assert.ok(stderr.includes(word), `${word} in ${stderr}`)
})

test('the guest with systemd needs its packages as well, and says so', (t) => {
  if (!isX64Linux) return t.skip('the guest runs on Linux with an x86-64 processor')
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-nothing-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const { status, stderr } = spawnSync(process.execPath, [script, '--systemd'], {
    env: { PATH: folder, XDG_CACHE_HOME: folder },
    encoding: 'utf8',
  })
  assert.equal(status, 2, stderr)
  assert.match(stderr, /^systemd: there are no packages of systemd in .*npm run test:systemd -- --prepare$/m)
})
