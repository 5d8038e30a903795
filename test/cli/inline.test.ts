import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Folder } from './plimsoll.ts'

const plan = (exportName: string, more = ''): string =>
  `name: inline\ntasks:\n  a: { call: './tasks.mjs#${exportName}', in: inline }\n${more}`

const module = `
export const print = () => { console.log('partial'); process.stdout.write('no newline'); console.error('error') }
export const leave = () => process.exit(0)
export const later = () => { setTimeout(() => { throw new Error('too late') }, 20); return new Promise(() => undefined) }
export const handle = () => { setInterval(() => undefined, 1000) }
`

async function deployed(exportName: string, words: readonly string[] = [], more = '') {
  using folder = new Folder()
  folder.write('tasks.mjs', module)
  folder.write('plimsoll.yaml', plan(exportName, more))
  const ended = await folder.plimsoll(['deploy', ...words])
  const log = await folder.plimsoll(['logs', 'last', 'a'])
  return { ...ended, log: log.stdout }
}

test('what an inline function prints is in its log, and standard output stays JSON lines', async () => {
  const { code, stdout, log } = await deployed('print', ['--json'])
  assert.equal(code, 0)
  for (const line of stdout.trimEnd().split('\n')) JSON.parse(line)
  assert.equal(log, 'partial\nno newlineerror\n')
})

test('an inline function that ends the process does not end it with success', async () => {
  const { code, stderr } = await deployed('leave')
  assert.equal(code, 1)
  assert.match(stderr, /error INTERNAL: plimsoll was ended before its work was done/)
})

test('what an inline function throws where nobody listens stops the run in order and is told', async () => {
  const { code, stdout, stderr } = await deployed('later', [], "  b: { run: 'sleep 1000' }\n")
  assert.equal(code, 1)
  assert.match(stdout, /^inline dev failed /m)
  assert.match(stdout, /^the run: INTERNAL an error was thrown that nobody caught: too late$/m)
  assert.match(stderr, /error INTERNAL: an error was thrown that nobody caught: too late/)
})

test('what an inline function leaves open does not keep the engine', async () => {
  assert.equal((await deployed('handle')).code, 0)
})

test('a failing call in a thread ends in a report and an undo', async () => {
  using folder = new Folder()
  folder.write('tasks.mjs', 'export const fail = () => { throw new Error("plain") }')
  const first = "  first: { run: 'true', undo: { run: 'echo undone' } }\n"
  folder.write('plimsoll.yaml', `name: t\ntasks:\n${first}  a: { needs: first, call: './tasks.mjs#fail' }\n`)
  const { code, stdout } = await folder.plimsoll(['deploy'])
  assert.equal(code, 1)
  assert.match(stdout, /CALL_FAILED plain/)
  assert.match(stdout, /rolled back/)
})

test('processes that a task left behind are named where people look', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', "name: left\ntasks: { a: { run: 'sleep 1000 & true' } }\n")
  assert.match((await folder.plimsoll(['deploy'])).stdout, /a left 1 process behind, now stopped/)
})
