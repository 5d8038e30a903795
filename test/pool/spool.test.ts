import assert from 'node:assert/strict'
import { appendFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Spool } from '../../src/pool/spool.ts'

function open(t: TestContext) {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-spool-'))
  t.after(() => rmSync(dir, { recursive: true, force: true }))
  const spool = new Spool(join(dir, 'output'))
  let heard = ''
  const listen = (chunk: Uint8Array): void => {
    heard += Buffer.from(chunk).toString()
  }
  return { spool, listen, print: (text: string) => appendFileSync(spool.path, text), heard: () => heard }
}

test('what is printed between two jobs belongs to none', async (t) => {
  const { spool, listen, print, heard } = open(t)
  spool.begin(listen)
  print('one ')
  await spool.copy()
  print('two ')
  await spool.finish()
  print('nobody ')
  spool.begin(listen)
  print('three')
  await spool.finish()
  assert.equal(heard(), 'one two three')
  assert.equal(statSync(spool.path).mode & 0o777, 0o600)
  await spool.close()
  assert.equal(existsSync(spool.path), false)
})

test('more than fits into memory at once comes in order, to a slow listener', async (t) => {
  const { spool, print } = open(t)
  const text = Array.from({ length: 40_000 }, (_, index) => `${index}\n`).join('')
  const chunks: Buffer[] = []
  spool.begin(async (chunk) => {
    await new Promise(setImmediate)
    chunks.push(Buffer.from(chunk))
  })
  print(text)
  await Promise.all([spool.copy(), spool.copy()])
  await spool.finish()
  assert.ok(chunks.length > 1)
  assert.equal(Buffer.concat(chunks).toString(), text)
  await spool.close()
})
