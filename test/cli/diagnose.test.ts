import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Folder, jsonLines, mainFile } from './plimsoll.ts'

const buildLog =
  'compiling\nsrc/app.ts(3,7): error TS2322: Type "string" is not assignable\nnpm error code 2\n'

test('diagnose names the cause of a log file, the lines that show it and what to do', async () => {
  using folder = new Folder()
  folder.write('build.log', buildLog)
  const { code, stdout } = await folder.plimsoll(['diagnose', 'build.log'])
  assert.equal(code, 0)
  assert.match(stdout, /^Compilation failed \(compile-error\): The compiler did not accept the code: Type/)
  assert.match(stdout, /\| build\.log:2: src\/app\.ts\(3,7\): error TS2322/)
  assert.match(stdout, /> Correct the first error/)
})

test('several logs are evidence of one failure', async () => {
  using folder = new Folder()
  folder.write('build.log', 'all is well\n')
  folder.write('kernel.log', 'Out of memory: Killed process 12 (node) total-vm:1kB\n')
  const { stdout } = await folder.plimsoll(['diagnose', 'build.log', 'kernel.log', '--json'])
  const [diagnosis] = jsonLines(stdout)
  assert.equal(diagnosis?.type, 'diagnosis')
  assert.equal(diagnosis?.cause, 'oom')
})

for (const words of [['diagnose'], ['diagnose', '-']]) {
  test(`what is piped into "plimsoll ${words.join(' ')}" is read as a log`, async () => {
    using folder = new Folder()
    const child = spawn(process.execPath, [mainFile, ...words], {
      cwd: folder.path,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    child.stdin.end(buildLog)
    const [stdout, [code]] = await Promise.all([text(child.stdout), once(child, 'close')])
    assert.equal(code, 0)
    assert.match(stdout, /standard input:2: /)
  })
}

test('a log without a failure is told so, and one that no rule knows shows its lines of trouble', async () => {
  using folder = new Folder()
  folder.write('green.log', 'listening\nserved 12 requests\n')
  folder.write('strange.log', 'the flux capacitor could not be charged\n')
  const green = await folder.plimsoll(['diagnose', 'green.log'])
  assert.match(green.stdout, /^I do not know: Nothing in what was read looks like a failure\./)
  const strange = await folder.plimsoll(['diagnose', 'strange.log'])
  assert.match(
    strange.stdout,
    /^I do not know: .*\n {2}\| strange\.log:1: the flux capacitor could not be charged/,
  )
})

test('a log cannot write to the terminal, and its secrets are masked', async () => {
  using folder = new Folder()
  const token = `ghp_${'a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8'}`
  folder.write('evil.log', `Error: \u001b[2J\u202econnect ECONNREFUSED 127.0.0.1:9000 token=${token}\n`)
  for (const words of [
    ['diagnose', 'evil.log'],
    ['diagnose', 'evil.log', '--json'],
  ]) {
    const { stdout } = await folder.plimsoll(words)
    assert.match(stdout, /connection-refused/)
    assert.ok(!stdout.includes('\u001b') && !stdout.includes(token))
  }
})

test('options are checked also where only the offline expert answers', async () => {
  using folder = new Folder()
  folder.write('a.log', 'bind: EADDRINUSE\n')
  for (const [words, said] of [
    [['--enough', 'abc'], /USAGE: --enough is "abc"/],
    [['--timeout', 'banana', '--experts', 'offline'], /USAGE: --timeout is "banana"/],
  ] as const) {
    const { code, stdout, stderr } = await folder.plimsoll(['diagnose', 'a.log', ...words])
    assert.deepEqual([code, stdout], [2, ''])
    assert.match(stderr, said)
  }
})

test('a file that is not there, or cannot be read, is an error with what may be named instead', async () => {
  using folder = new Folder()
  folder.write('a.log', 'fine\n')
  folder.write('plan.yaml', "name: x\ntasks: { a: { run: 'true' } }\n")
  const isRefused = async (words: readonly string[], said: RegExp): Promise<void> => {
    const { code, stderr } = await folder.plimsoll(['diagnose', ...words])
    assert.equal(code, 2)
    assert.match(stderr, said)
  }
  const noFile = /LOG_UNREADABLE: there is no file and no run "nothing.log"/
  await isRefused(['nothing.log'], noFile)
  await isRefused(['a.log', 'nothing.log'], noFile)
  await isRefused(['.'], /LOG_UNREADABLE/)
  await isRefused([], /RUN_UNKNOWN: nothing has been recorded/)
  await folder.plimsoll(['deploy', 'plan.yaml'])
  await isRefused(['nothing.log'], noFile)
})

test('of a run tasks of hooks and undos are explained as well, each under its name in the report', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    `name: shop
tasks:
  a: { run: "true", undo: { run: "echo listen EADDRINUSE: address already in use 0.0.0.0:8080; exit 1" } }
  b: { needs: a, run: exit 3 }
after: { close: { run: "echo connect ECONNREFUSED 127.0.0.1:9000; exit 4" } }
`,
  )
  await folder.plimsoll(['deploy'])
  const { stdout } = await folder.plimsoll(['diagnose'])
  assert.match(stdout, /^b\n[\s\S]*^undo of a\n.*port-in-use[\s\S]*^after: close\n.*connection-refused/m)
  const found = jsonLines((await folder.plimsoll(['diagnose', 'last', '--json'])).stdout)
  assert.deepEqual(
    found.map(({ task, phase }) => [task, phase]),
    [
      ['b', undefined],
      ['a', 'undo'],
      ['close', 'after'],
    ],
  )
})

test('of a run with very many failures it says how many more there are, and what shows them', async () => {
  using folder = new Folder()
  const tasks = Array.from({ length: 22 }, (_, at) => `  t${at}: { run: exit 127 }\n`).join('')
  folder.write('plimsoll.yaml', `name: shop\ntasks:\n${tasks}`)
  await folder.plimsoll(['deploy'])
  const { code, stdout, stderr } = await folder.plimsoll(['diagnose', 'last', '--json'])
  assert.deepEqual([code, jsonLines(stdout).length], [0, 20])
  assert.match(stderr, /^2 more failed: plimsoll show \S+\n$/)
})

test('what had failed before the engine was killed is explained', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    `name: shop
tasks:
  a: { run: "echo connect ECONNREFUSED 127.0.0.1:9000; exit 4" }
  b: { run: "for i in $(seq 1200); do test -e go && break; sleep 0.05; done" }
`,
  )
  await folder.inStep(['deploy', '--json'], (line, child) => {
    const { type, task } = JSON.parse(line)
    if (type === 'task-ended' && task === 'a') child.kill('SIGKILL')
  })
  folder.write('go', '')
  const { code, stdout } = await folder.plimsoll(['diagnose'])
  assert.equal(code, 0)
  assert.match(stdout, /^a\n.*connection-refused/)
})

test('of a run a log that cannot be read is named, and what is known without it is said', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', "name: shop\ntasks: { a: { run: 'exit 127' } }\n")
  await folder.plimsoll(['deploy'])
  const [log = ''] = globSync('.plimsoll/runs/*/*.log', { cwd: folder.path })
  rmSync(join(folder.path, log))
  const isSaid = async (why: RegExp): Promise<void> => {
    const { code, stdout, stderr } = await folder.plimsoll(['diagnose'])
    assert.deepEqual([code, stderr], [0, ''])
    assert.match(stdout, /^a\n.*\(command-not-found\)/)
    assert.match(stdout, why)
  }
  await isSaid(/\| plimsoll: its log is gone: runs\/.*\.log$/m)
  mkdirSync(join(folder.path, log))
  await isSaid(/\| plimsoll: its log cannot be read: .*\.log is no file$/m)
})
