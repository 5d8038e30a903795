/** Readers that are full, gone, or asleep. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Folder, mainFile } from './plimsoll.ts'

const plan = 'name: shop\ntasks: { a: { run: "echo hello; echo done > done" } }\n'

/** Runs the command line with its standard output in that file. */
async function printedTo(file: string, folder: Folder, words: readonly string[]) {
  const descriptor = openSync(file, 'w')
  const child = spawn(process.execPath, [mainFile, ...words], {
    cwd: folder.path,
    stdio: ['ignore', descriptor, 'pipe'],
  })
  closeSync(descriptor)
  const stderr = child.stderr ? await text(child.stderr) : ''
  if (child.exitCode === null) await once(child, 'close')
  return { code: child.exitCode, stderr }
}

for (const words of [['deploy'], ['deploy', '--json'], ['schema'], ['--help'], ['plan'], ['runs']]) {
  test(`"plimsoll ${words.join(' ')}" onto a full disk says so once, and ends with exit code 1`, async () => {
    using folder = new Folder()
    folder.write('plimsoll.yaml', plan)
    if (words[0] === 'runs') assert.equal((await folder.plimsoll(['deploy'])).code, 0)
    const { code, stderr } = await printedTo('/dev/full', folder, words)
    assert.equal(stderr.match(/^error /gm)?.length, 1, stderr)
    assert.match(
      stderr,
      /^error STDOUT_UNWRITABLE: standard output could not be written \(ENOSPC\).*\nfix: .*"plimsoll show"$/m,
    )
    assert.equal(code, 1)
    if (words[0] !== 'deploy') return
    assert.equal(readFileSync(join(folder.path, 'done'), 'utf8'), 'done\n')
    assert.match((await folder.plimsoll(['show'])).stdout, /shop dev succeeded/)
  })
}

test('a failure keeps its own exit code when nothing can be printed', async () => {
  using folder = new Folder()
  const { code, stderr } = await printedTo('/dev/full', folder, ['deploy', '--json'])
  assert.match(stderr, /^error PLAN_UNREADABLE/m)
  assert.match(stderr, /^error STDOUT_UNWRITABLE/m)
  assert.equal(code, 2)
})

test('a file that takes only a part of what is printed is told of as well', async () => {
  using folder = new Folder()
  const limited = `ulimit -f 8; trap '' XFSZ; "$0" "$1" schema > schema.json`
  const { status, stderr } = spawnSync('/bin/sh', ['-c', limited, process.execPath, mainFile], {
    cwd: folder.path,
    encoding: 'utf8',
  })
  const { size } = statSync(join(folder.path, 'schema.json'))
  assert.ok(size > 0 && size < 8_192)
  assert.match(stderr, /^error STDOUT_UNWRITABLE: .*\(EFBIG\)/)
  assert.equal(status, 1)
})

/** Tasks whose lines are more than a pipe (64 KiB) and a terminal (4 KiB) hold. */
const longName = 'long-name-'.repeat(19)
const manyTasks = `name: many\nconcurrency: 50\ntasks:\n${Array.from(
  { length: 400 },
  (_, index) => `  ${longName}${index}: { exec: ["true"] }\n`,
).join('')}`
const deploy = `'${process.execPath}' '${mainFile}' deploy`

for (const { reader, command } of [
  { reader: 'a reader of a pipe', command: deploy },
  { reader: 'a terminal', command: `script --quiet --command "${deploy}" /dev/null` },
]) {
  test(`${reader} that takes nothing does not hold the run, and gets the report when it reads at last`, async () => {
    using folder = new Folder()
    folder.write('plimsoll.yaml', manyTasks)
    const sleeper = '{ for i in $(seq 1200); do [ -e wake-up ] && break; sleep 0.05; done; cat > said; }'
    const { CI, ...variables } = process.env
    const child = spawn('/bin/sh', ['-c', `${command} | ${sleeper}`], {
      cwd: folder.path,
      env: { ...variables, TERM: 'xterm' },
      stdio: 'ignore',
    })
    const ended = once(child, 'close')
    await untilRecorded(folder)
    folder.write('wake-up', '')
    await ended
    const said = readFileSync(join(folder.path, 'said'), 'utf8')
    assert.ok(said.length > 80_000)
    assert.match(said, /many dev succeeded/)
  })
}

/** Looks into the record until the run has ended. */
async function untilRecorded(folder: Folder): Promise<void> {
  for (let seen = ''; !seen.includes('"status":"succeeded"'); ) {
    seen = (await folder.plimsoll(['runs', '--json'])).stdout
  }
}
