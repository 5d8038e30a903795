import assert from 'node:assert/strict'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { Folder, jsonLines } from './plimsoll.ts'

const failing = `name: shop
tasks:
  build: { run: "echo built", undo: { run: "echo taken back" } }
  check: { needs: [build], run: "echo looking; echo 'not good' >&2; exit 7" }
  later: { needs: [check], run: "true" }
`

test('init writes a plan that deploys as it is, and history tells of it', async () => {
  using folder = new Folder()
  assert.equal((await folder.plimsoll(['init'])).code, 0)
  const planned = await folder.plimsoll(['plan'])
  assert.match(planned.stdout, /^starter dev: 3 tasks[\s\S]*\* build +run/)
  assert.throws(() => statSync(join(folder.path, '.plimsoll')), /ENOENT/)

  const deployed = await folder.plimsoll(['deploy'])
  assert.equal(deployed.stderr, '')
  assert.equal(deployed.code, 0)
  assert.match(deployed.stdout, /starter dev succeeded \(run (\S+)\)/)

  const runId = /\(run (\S+)\)/.exec(deployed.stdout)?.[1] ?? ''
  assert.match(
    (await folder.plimsoll(['runs'])).stdout,
    new RegExp(`^${runId} +succeeded +starter +dev`, 'm'),
  )
  assert.match((await folder.plimsoll(['show', runId.slice(0, -2)])).stdout, /starter dev succeeded/)
  assert.match((await folder.plimsoll(['show', '--markdown'])).stdout, /^## starter dev succeeded\n/)
  assert.equal((await folder.plimsoll(['logs', 'last', 'report'])).stdout, 'the page has 23 bytes\n')
  const known = await folder.plimsoll(['plan', '--json'])
  assert.ok(Number(jsonLines(known.stdout)[0]?.durationMs) > 0)
})

test('the commands that init and the report of a run show do what they say, also where the plan is elsewhere', async () => {
  using folder = new Folder()
  const shownIn = (text: string, form: RegExp): readonly string[] => {
    const [, words = ''] = form.exec(text) ?? []
    return words.split(' ').slice(1)
  }
  const init = await folder.plimsoll(['init', 'deep er/shop.yaml'])
  assert.match(
    init.stdout,
    /^next: plimsoll plan 'deep er\/shop\.yaml', then plimsoll deploy 'deep er\/shop\.yaml'$/m,
  )
  await folder.plimsoll(['init', 'deep/shop.yaml'])
  folder.write('deep/shop.yaml', failing)
  const { stdout } = await folder.plimsoll(['deploy', 'deep/shop.yaml'])
  const show = shownIn(stdout, /^over time: (.*)$/m)
  assert.equal(show[0], 'show')
  const shown = await folder.plimsoll(show)
  assert.match(shown.stdout, /^shop dev failed and was rolled back/)
  for (const report of [stdout, shown.stdout]) {
    const logs = await folder.plimsoll(shownIn(report, /fix: .*"(plimsoll logs .*)"$/m))
    assert.deepEqual([logs.code, logs.stdout], [0, 'looking\nnot good\n'])
  }
})

test('logs --json is one object for each line, whatever the line is, also while it is followed', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    `name: shop
tasks:
  a:
    retry: { attempts: 2, delay: 1ms }
    run: printf 'eins\\n\\nzw\\303\\266lf'; exit 1
  long:
    run: head -c 70000 /dev/zero | tr '\\0' x; echo; echo end
    undo: { run: echo back }
`,
  )
  await folder.plimsoll(['deploy'])
  const { code, stdout } = await folder.plimsoll(['logs', 'last', '--json'])
  assert.equal(code, 0)
  const lines = jsonLines(stdout)
  assert.ok(lines.every(({ type }) => type === 'log'))
  const ofTask = (name: string) => lines.filter(({ task }) => task === name)
  assert.deepEqual(
    ofTask('a').map(({ attempt, text }) => [attempt, text]),
    [1, 2].flatMap((attempt) => ['eins', '', 'zwölf'].map((text) => [attempt, text])),
  )
  const [back] = ofTask('long').filter(({ phase }) => phase === 'undo')
  assert.equal(back?.text, 'back')
  const texts = ofTask('long').filter(({ phase }) => phase === 'deploy')
  const whole = texts.map(({ text, continues }) => `${text}${continues ? '' : '\n'}`).join('')
  assert.equal(whole, `${'x'.repeat(70_000)}\nend\n`)
  const followed = await folder.plimsoll(['logs', 'last', '--follow', '--json', '--task', 'a'])
  assert.deepEqual(jsonLines(followed.stdout), ofTask('a'))
})

test('init never overwrites', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', 'mine')
  const { code, stderr } = await folder.plimsoll(['init'])
  assert.equal(code, 2)
  assert.match(stderr, /plimsoll\.yaml exists already\nfix: Name another file/)
})

test('plan names what deploy refuses because it needs more than the machine has', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    'name: shop\ntasks: { huge: { run: "true", memory: { expect: 900TiB } }, small: { run: "true" } }\n',
  )
  const says = /"huge" needs 900 TiB; there are \S+ \S+ in all/
  const planned = await folder.plimsoll(['plan'])
  assert.equal(planned.code, 0)
  assert.match(planned.stdout, new RegExp(`^cannot fit here +${says.source}; deploy refuses it$`, 'm'))
  assert.match(String(jsonLines((await folder.plimsoll(['plan', '--json'])).stdout)[0]?.cannotFit), says)
  const deployed = await folder.plimsoll(['deploy'])
  assert.equal(deployed.code, 4)
  assert.match(deployed.stderr, says)
  folder.write('plimsoll.yaml', 'name: shop\ntasks: { small: { run: "true" } }\n')
  assert.equal(jsonLines((await folder.plimsoll(['plan', '--json'])).stdout)[0]?.cannotFit, null)
})

test('a task that fails: exit code 1, why, its last words, and what was undone', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', failing)
  const { code, stdout, stderr } = await folder.plimsoll(['deploy'])
  assert.equal(code, 1)
  assert.equal(stderr, '')
  assert.match(stdout, /shop dev failed and was rolled back/)
  assert.match(stdout, /^check: TASK_FAILED .*7/m)
  assert.match(stdout, / {2}\| looking\n {2}\| not good\n/)
  assert.match(stdout, /^undone: build$/m)
  assert.match((await folder.plimsoll(['logs'])).stdout, /==> build, undo, attempt 1\ntaken back\n/)
})

test('--no-undo leaves what succeeded', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', failing)
  const { code, stdout } = await folder.plimsoll(['deploy', '--no-undo', '--json'])
  assert.equal(code, 1)
  const report = jsonLines(stdout).at(-1)
  assert.equal(report?.status, 'failed')
})

test('with --json every line is an object with type, run and time, the report last; progress is on standard error', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', 'name: shop\ntasks: { a: { run: "echo hello" } }\n')
  const { code, stdout, stderr } = await folder.plimsoll(['deploy', '--json'])
  assert.equal(code, 0)
  const lines = jsonLines(stdout)
  for (const line of lines) {
    assert.equal(typeof line.type, 'string')
    assert.equal(line.runId, lines[0]?.runId)
    assert.equal(typeof line.atMs, 'number')
  }
  assert.equal(lines.at(-1)?.type, 'report')
  assert.match(stderr, /a succeeded in/)
})

test('an environment that asks for consent: exit code 5 without --yes, no task started', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    'name: shop\nenvironments: { live: { approve: true } }\ntasks: { a: { run: "true" } }\n',
  )
  const refused = await folder.plimsoll(['deploy', '--env', 'live'])
  assert.equal(refused.code, 5)
  assert.match(
    refused.stdout,
    /\n {2}fix: plimsoll approve \S+, then plimsoll resume \S+; or run it with --yes/,
  )
  assert.match(refused.stdout, /^a +cancelled/m)
  assert.equal((await folder.plimsoll(['deploy', '--env', 'live', '--yes'])).code, 0)
})

test('a declared need that no memory can hold: exit code 4, nothing started', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    'name: shop\ntasks: { a: { run: "true", memory: { expect: 900TiB, limit: 900TiB } } }\n',
  )
  const { code, stderr } = await folder.plimsoll(['deploy'])
  assert.match(stderr, /^error NEED_EXCEEDS_CAPACITY: "a" needs 900 TiB/)
  assert.equal(code, 4)
})

test('a state directory that cannot be made: exit code 2 and its path', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', 'name: shop\ntasks: { a: { run: "true" } }\n')
  folder.write('file', '')
  const { code, stderr } = await folder.plimsoll(['deploy', '--state', 'file/state'])
  assert.match(stderr, /^error STATE_UNWRITABLE: .*file\/state/)
  assert.equal(code, 2)
})

for (const command of ['runs', 'show', 'logs']) {
  test(`"${command}" where nothing was recorded says so, and makes nothing`, async () => {
    using folder = new Folder()
    const { code, stderr } = await folder.plimsoll([command])
    assert.match(stderr, /^error RUN_UNKNOWN: nothing has been recorded in .*\nfix: .*--state DIR/)
    assert.equal(code, 2)
    assert.throws(() => statSync(join(folder.path, '.plimsoll')), /ENOENT/)
  })
}

test('a run or a task that is not there is met with the nearest that is', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', 'name: shop\ntasks: { migrate: { run: "true" } }\n')
  await folder.plimsoll(['deploy'])
  assert.match((await folder.plimsoll(['runs', '--limit', '0'])).stderr, /^error USAGE: --limit is "0"/)
  assert.match((await folder.plimsoll(['show', 'nope'])).stderr, /^error RUN_UNKNOWN: .*nope/)
  assert.match(
    (await folder.plimsoll(['logs', 'migrate'])).stderr,
    /^error RUN_UNKNOWN: no run "migrate" is recorded\nfix: Name the run first: plimsoll logs last migrate\n$/,
  )
  const { code, stderr } = await folder.plimsoll(['logs', 'last', 'migrat'])
  assert.match(stderr, /did you mean "migrate"\?/)
  assert.equal(code, 2)
})

test('a reader that goes away ends quietly, and the deployment goes on', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    'name: shop\ntasks: { a: { run: "true" }, b: { needs: [a], run: "echo end > end" } }\n',
  )
  const child = folder.start(['deploy'])
  child.stdout.once('data', () => child.stdout.destroy())
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.ok(statSync(join(folder.path, 'end')).isFile())
})

test('a long log into a reader that takes one line ends quietly', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', 'name: shop\ntasks: { a: { run: "yes | head -c 5000000" } }\n')
  assert.equal((await folder.plimsoll(['deploy'])).code, 0)
  const child = folder.start(['logs'])
  child.stdout.once('data', () => child.stdout.destroy())
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  assert.equal(stderr, '')
  assert.equal(code, 0)
  assert.equal((await folder.plimsoll(['logs'])).stdout.length, 5_000_000)
})
