import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { openLogs } from '../../src/cli/log-files.ts'
import { type Ended, Folder, jsonLines, mainFile } from './plimsoll.ts'

const refused = 'Error: connect ECONNREFUSED 127.0.0.1:9000\n'

/** A shell's command line in this folder; `$PLIMSOLL` is the tool. @param user who may not read all that root may. */
async function shell(
  folder: Folder,
  line: string,
  user: { uid?: number; gid?: number } = {},
): Promise<Ended> {
  const child = spawn('sh', ['-c', line], {
    cwd: folder.path,
    env: { ...process.env, PLIMSOLL: `"${process.execPath}" "${mainFile}"` },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...user,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ])
  return { code, stdout, stderr }
}

function isRefused({ code, stdout, stderr }: Ended, said: RegExp): void {
  assert.match(stderr, said)
  assert.deepEqual([code, stdout], [2, ''])
}

const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const reading = `require('node:fs').readFileSync(${JSON.stringify(mainFile)})`
const canReadTool = spawnSync(process.execPath, ['-e', reading], { ...nobody, cwd: '/' }).status === 0

test('a file that may not be read is named, and nothing is said of the others', {
  skip: canReadTool ? false : 'nobody else may read the tool',
}, async () => {
  using folder = new Folder()
  chmodSync(folder.path, 0o755)
  folder.write('ok.log', refused)
  folder.write('no.log', refused)
  chmodSync(join(folder.path, 'no.log'), 0)
  for (const names of ['ok.log no.log', 'no.log ok.log'])
    isRefused(
      await shell(folder, `eval $PLIMSOLL diagnose ${names}`, nobody),
      /^error LOG_UNREADABLE: no\.log cannot be read \(EACCES\)/,
    )
})

test('a socket and a folder are told as what they are', async () => {
  using folder = new Folder()
  folder.write('ok.log', refused)
  mkdirSync(join(folder.path, 'logs'))
  await using server = createServer().listen(join(folder.path, 'socket'))
  await once(server, 'listening')
  isRefused(await folder.plimsoll(['diagnose', 'ok.log', 'socket']), /LOG_UNREADABLE: socket is a socket/)
  isRefused(await folder.plimsoll(['diagnose', 'ok.log', 'logs']), /LOG_UNREADABLE: "logs" is a folder/)
  isRefused(await folder.plimsoll(['diagnose', 'logs']), /LOG_UNREADABLE: "logs" is a folder/)
})

test('more files are read than a process may hold open', async () => {
  using folder = new Folder()
  const names = Array.from({ length: 200 }, (_, at) => `${at}.log`)
  for (const name of names) folder.write(name, 'fine\n')
  folder.write('199.log', refused)
  const { code, stdout } = await shell(
    folder,
    `ulimit -n 100; eval $PLIMSOLL diagnose --json ${names.join(' ')}`,
  )
  assert.equal(code, 0)
  const [diagnosis] = jsonLines(stdout)
  assert.equal(diagnosis?.cause, 'connection-refused')
  assert.deepEqual(diagnosis?.evidence, [{ log: '199.log', line: 1, text: refused.trim() }])
})

test('standard input that nothing can be read from is an error, not a log without a failure', async () => {
  using folder = new Folder()
  const isTold = async (from: string, why: RegExp): Promise<void> =>
    isRefused(await shell(folder, `eval $PLIMSOLL diagnose - ${from}`), why)
  await isTold('<&-', /LOG_UNREADABLE: standard input is closed/)
  await isTold('< .', /LOG_UNREADABLE: standard input is a folder/)
  await isTold('0> written', /LOG_UNREADABLE: standard input cannot be read \(EBADF\)/)
})

test('a secret in the name of a file is masked, in what is found and in errors', async () => {
  using folder = new Folder()
  const name = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
  folder.write(name, refused)
  const found = await folder.plimsoll(['diagnose', name])
  assert.match(found.stdout, /connection-refused[\s\S]*\| \*\*\*:1: Error/)
  isRefused(await folder.plimsoll(['diagnose', `${name}.gone`]), /no file and no run "\*\*\*/)
})

test('a compressed file is told as one, with the command that reads it', async () => {
  using folder = new Folder()
  const log = Buffer.from(refused.repeat(100))
  for (const [name, bytes, command] of [
    ['a.log.gz', gzipSync(log), 'zcat a.log.gz | plimsoll diagnose -'],
    ["it's.zst", zstdCompressSync(log), "zstdcat 'it'\\''s.zst' | plimsoll diagnose -"],
    ['a.xz', Buffer.from('fd377a585a000004e6d6b4', 'hex'), 'xzcat a.xz | plimsoll diagnose -'],
    ['a.bz2', Buffer.from('BZh91AY&SY'), 'bzcat a.bz2 | plimsoll diagnose -'],
    ['a.zip', Buffer.from('PK\u0003\u0004'), 'unzip -p a.zip | plimsoll diagnose -'],
  ] as const) {
    writeFileSync(join(folder.path, name), bytes)
    const ended = await folder.plimsoll(['diagnose', name])
    isRefused(ended, new RegExp(`^error LOG_UNREADABLE: ${name} is compressed`))
    assert.ok(ended.stderr.includes(command), ended.stderr)
  }
  isRefused(
    await shell(folder, 'eval $PLIMSOLL diagnose - < a.log.gz'),
    /standard input is compressed \(gzip\): pipe it through "zcat"/,
  )
})

test('a program is no log, whatever words it has', async () => {
  using folder = new Folder()
  const binary = Buffer.concat([
    Buffer.from(Array.from({ length: 900 }, (_, at) => (at % 3 === 0 ? 0 : at % 32))),
  ])
  writeFileSync(join(folder.path, 'data'), Buffer.concat([binary, Buffer.from(refused)]))
  for (const name of [process.execPath, 'data'])
    isRefused(await folder.plimsoll(['diagnose', name]), /LOG_UNREADABLE: .* is no text but binary data/)
})

test('text is read also in UTF-16, with bytes 0 in it, and with colours in each line', async () => {
  using folder = new Folder()
  for (const [name, bytes] of [
    ['utf-16', Buffer.from(refused.repeat(50), 'utf16le')],
    ['utf-16 of another alphabet', Buffer.from(`\ufeffошибка: нет связи\n${refused}`, 'utf16le')],
    ['utf-16 without its mark', Buffer.from(`Запуск службы\r\n${refused}`, 'utf16le')],
    ['utf-16 the other way', Buffer.from(`Εκκίνηση υπηρεσίας\r\n${refused}`, 'utf16le').swap16()],
    ['cut while it was written', Buffer.concat([Buffer.alloc(6_000), Buffer.from(refused)])],
    ['cut later', Buffer.concat([Buffer.from('fine\n'), Buffer.alloc(2_000), Buffer.from(refused)])],
    ['coloured', Buffer.from(`\u001b[31m${refused}\u001b[0m\b\u0007\f`)],
  ] as const) {
    writeFileSync(join(folder.path, name), bytes)
    const { stdout } = await folder.plimsoll(['diagnose', name])
    assert.match(stdout, /\(connection-refused\)/, name)
  }
})

test('a log that is written on while it is read ends where it ended at first', async () => {
  using folder = new Folder()
  const file = join(folder.path, 'app.log')
  writeFileSync(file, refused.repeat(20_000))
  const [log] = openLogs([file])
  assert.ok(log)
  let bytes = 0
  for await (const chunk of log.chunks) {
    bytes += chunk.length
    if (bytes > 2 * refused.length * 20_000) break
    appendFileSync(file, refused.repeat(20_000))
  }
  assert.equal(bytes, refused.length * 20_000)
})
