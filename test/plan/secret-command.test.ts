/** Secrets that a program prints: real programs, real processes. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { loadSecrets } from '../../src/plan/plan.ts'
import type { Plan } from '../../src/spine.ts'
import { linesOf, parse, planText } from './parsing.ts'

const variables = { PATH: process.env.PATH, MANAGER_TOKEN: 'token-of-the-manager' }

type Source = { readonly words: readonly string[]; readonly timeout?: string }

function planWith(sources: Readonly<Record<string, Source>>, used = Object.keys(sources)): Plan {
  const list = Object.entries(sources).map(
    ([name, { words, timeout = '30s' }]) =>
      `${name}: { command: ${JSON.stringify(words)}, timeout: ${timeout} }`,
  )
  const env = used.map((name) => `${name}: "\${secrets.${name}}"`)
  const head = `secrets: { ${list.join(', ')} }`
  const text = planText(`a: { run: x, env: { ${env.join(', ')} } }`, head)
  return { ...parse(text), secrets: inFolder(parse(text).secrets) }
}

const inFolder = (secrets: Plan['secrets']): Plan['secrets'] =>
  Object.fromEntries(Object.entries(secrets).map(([name, source]) => [name, { ...source, dir: tmpdir() }]))

const shell = (script: string): Source => ({ words: ['/bin/sh', '-c', script] })

async function refusalOf(plan: Plan, signal?: AbortSignal): Promise<string> {
  try {
    await loadSecrets(plan, { variables, ...(signal && { signal }) })
  } catch (error) {
    assert.ok(error instanceof PlimsollError, String(error))
    assert.equal(error.code, 'SECRET_MISSING')
    return error.message
  }
  throw new assert.AssertionError({ message: 'it was loaded' })
}

test('what a command prints is the value, without its last line end and no other', async () => {
  const plan = planWith({
    A: shell("printf 'one line\\n'"),
    B: shell("printf 'two\\nlines \\n\\n'"),
    C: { words: ['echo', '$(id) ; "$HOME"'] },
  })
  const values = await loadSecrets(plan, { variables })
  assert.deepEqual({ ...values }, { A: 'one line', B: 'two\nlines \n', C: '$(id) ; "$HOME"' })
})

test('a command has the environment of the engine, an empty standard input, and the directory of the plan', async () => {
  const plan = planWith({ A: shell('cat; printf %s "$MANAGER_TOKEN"; pwd') })
  const { A } = await loadSecrets(plan, { variables })
  assert.equal(A, `token-of-the-manager${tmpdir()}`)
  assert.deepEqual(parse(planText('a: { run: x }', 'secrets: { A: { command: [x] } }')).secrets.A, {
    from: 'command',
    words: ['x'],
    dir: '/srv/shop',
    timeoutMs: 30_000,
  })
})

test('the command of a secret that no task names is not run', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-secret-'))
  try {
    const marker = join(folder, 'ran')
    const plan = planWith({ A: shell('echo value'), B: shell(`touch ${marker}; echo value`) }, ['A'])
    await loadSecrets(plan, { variables })
    assert.equal(existsSync(marker), false)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

const refused: Readonly<Record<string, readonly [script: string, says: RegExp]>> = {
  'a command that fails': ['echo no access >&2; exit 7', /ended with exit code 7, saying: no access/],
  'a command that is killed': ['kill -9 $$', /was killed by SIGKILL/],
  'a command that prints nothing': ['true', /printed is empty/],
  'a command that prints a zero byte': ["printf 'a\\0b'", /contains a zero byte/],
  'a command that prints other bytes than text': ["printf '\\377\\376'", /is not UTF-8 text/],
  'a command that prints without an end': ['exec cat /dev/zero', /printed more than 1048576 bytes/],
}
for (const [what, [script, says]] of Object.entries(refused)) {
  test(`${what} gives no value, and is told with the reason`, async () => {
    assert.match(await refusalOf(planWith({ A: shell(script) })), says)
  })
}

test('a program that is not there is told with its name and the directory', async () => {
  const message = await refusalOf(planWith({ A: { words: ['no-such-program-here'] } }))
  assert.match(message, /"A": the command "no-such-program-here" could not be started in .* \(ENOENT\)/)
})

test('a command that takes too long is stopped with all that it started', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-secret-'))
  try {
    const file = join(folder, 'pids')
    const script = `sleep 600 & echo $! $$ > ${file}; wait`
    const message = await refusalOf(planWith({ A: { ...shell(script), timeout: '2s' } }))
    assert.match(message, /did not end within 2/)
    for (const pid of readFileSync(file, 'utf8').trim().split(' ')) {
      while (isAlive(Number(pid))) await new Promise((resolve) => setImmediate(resolve))
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test('a process that a command leaves behind with its output open does not hold the run', async () => {
  const plan = planWith({ A: shell('sleep 600 & echo the value') })
  assert.equal((await loadSecrets(plan, { variables })).A, 'the value')
})

test('an interruption ends the command, and is not told as a missing secret', async () => {
  const stop = new AbortController()
  const plan = planWith({ A: shell('sleep 600') })
  const loading = loadSecrets(plan, { variables, signal: stop.signal })
  setImmediate(() => stop.abort(new Error('a person')))
  await assert.rejects(loading, /a person/)
})

test('what a command complains is shown without its value and without the other secrets', async () => {
  const value = 'this-is-the-value'
  const plan = planWith({ A: shell(`echo ${value}; echo "got ${value} with $MANAGER_TOKEN" >&2; exit 1`) })
  const withToken: Plan = {
    ...plan,
    secrets: { ...plan.secrets, T: { from: 'environment', variable: 'MANAGER_TOKEN' } },
  }
  const message = await refusalOf(withToken)
  assert.match(message, /saying: got \*\*\* with \*\*\*$/)
})

test('a command is a list of words without secrets, and nothing else', () => {
  const problems = (source: string): string =>
    linesOf(planText('a: { run: x }', `secrets: { K: { env: K }, A: ${source} }`)).join('\n')
  assert.match(
    problems('{ command: vault read x }'),
    /secrets\.A\.command: found "vault read x", expected a list/,
  )
  assert.match(problems('{ command: [] }'), /at least one word/)
  assert.match(problems('{ command: [vault, "${secrets.K}"] }'), /known before the run starts/)
  assert.match(problems('{ command: [vault], timeout: soon }'), /secrets\.A\.timeout: found "soon"/)
  assert.match(problems('{ command: [vault], tiemout: 3s }'), /unknown key, expected one of command, timeout/)
})
