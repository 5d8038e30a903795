import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { test } from 'node:test'
import { mainFile } from './plimsoll.ts'

const says = /^plimsoll needs Node\.js 24\.15 or newer and was started with (\d+)\.\d+\.\d+: .*\n$/

for (const { version, isRefused } of [
  { version: '20.20.2', isRefused: true },
  { version: '24.14.9', isRefused: true },
  { version: '24.15.0', isRefused: false },
  { version: '25.0.0', isRefused: false },
]) {
  test(`Node.js ${version} is ${isRefused ? 'refused in one sentence' : 'accepted'}`, () => {
    const pretend = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--import', `data:text/javascript,${encodeURIComponent(pretend)}`, mainFile, '--help'],
      { encoding: 'utf8' },
    )
    assert.equal(status, isRefused ? 2 : 0)
    if (isRefused) assert.match(stderr, says)
    assert.equal(stdout === '', isRefused)
  })
}

/** Other Node.js of this machine, before 24, as a person would start them by accident. */
const oldNodes = (process.env.PATH ?? '')
  .split(delimiter)
  .map((dir) => join(dir, 'node'))
  .filter((file) => {
    const major = /^v(\d+)/.exec(spawnSync(file, ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1]
    return major !== undefined && Number(major) < 24
  })

test('a real older Node.js can read the entry and says what it needs', {
  skip: oldNodes.length === 0,
}, () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-old-'))
  try {
    const file = join(dir, 'main.mjs')
    writeFileSync(file, stripTypeScriptTypes(readFileSync(mainFile, 'utf8')))
    const { status, stderr } = spawnSync(oldNodes[0] ?? '', [file, 'deploy'], { encoding: 'utf8' })
    assert.match(stderr, says)
    assert.equal(status, 2)
  } finally {
    rmSync(dir, { recursive: true })
  }
})

test('the entry imports nothing before it has looked at the version', () => {
  assert.doesNotMatch(readFileSync(mainFile, 'utf8'), /^import\b/m)
})
