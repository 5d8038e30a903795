import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

test('the program of the page about the executor prints what the page says', async () => {
  const page = await readFile(new URL('../../docs/executor.md', import.meta.url), 'utf8')
  const program = /^```ts\n(.*?)^```$/ms.exec(page)?.[1] ?? ''
  const printed = /It prints `(.*?)`/.exec(page)?.[1] ?? 'nothing is said'
  const dir = await mkdtemp(join(tmpdir(), 'plimsoll-docs-'))
  try {
    const file = join(dir, 'program.ts')
    const door = new URL('../../src/index.ts', import.meta.url).href
    await writeFile(file, program.replace("'plimsoll'", JSON.stringify(door)))
    const { stdout } = await promisify(execFile)(process.execPath, [file])
    assert.equal(stdout.trim(), printed)
  } finally {
    await rm(dir, { recursive: true })
  }
})
