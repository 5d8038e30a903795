import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { commonOptions } from '../../src/cli/common-options.ts'
import { helpOf } from '../../src/cli/help.ts'
import { Folder, jsonLines } from './plimsoll.ts'

test('without a command, or with --help, it lists every command', async () => {
  using folder = new Folder()
  for (const words of [[], ['--help'], ['-h'], ['help']]) {
    const { code, stdout, stderr } = await folder.plimsoll(words)
    assert.equal(code, 0)
    assert.equal(stderr, '')
    for (const { name, summary } of commands)
      assert.ok(stdout.includes(`${name} `) && stdout.includes(summary), name)
  }
})

test('the help of each command names its arguments, every option, and examples of itself', () => {
  for (const command of commands) {
    const page = helpOf(command)
    for (const option of Object.keys({ ...command.options, ...commonOptions }))
      assert.match(page, new RegExp(`--${option}\\b`))
    assert.ok(page.includes(command.positionals ?? ''))
    assert.ok(command.examples.length > 0)
    for (const example of command.examples) assert.ok(example.includes(`plimsoll ${command.name}`), example)
  }
})

test('"COMMAND --help" prints that page and does nothing', async () => {
  using folder = new Folder()
  const init = commands.find(({ name }) => name === 'init')
  assert.ok(init)
  assert.deepEqual(await folder.plimsoll(['init', '--help']), { code: 0, stdout: helpOf(init), stderr: '' })
  assert.deepEqual(await folder.plimsoll(['help', 'init']), { code: 0, stdout: helpOf(init), stderr: '' })
  assert.match((await folder.plimsoll(['plan'])).stderr, /^error PLAN_UNREADABLE:/)
})

test('--version is that of the package, and of the release behind "deploy"', async () => {
  using folder = new Folder()
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  assert.equal((await folder.plimsoll(['--version'])).stdout, `${version}\n`)
  folder.write('plimsoll.yaml', 'name: shop\ntasks: { a: { exec: ["true"] } }\n')
  const { stdout } = await folder.plimsoll(['deploy', '--version', '9.8', '--json'])
  assert.equal(jsonLines(stdout).at(-1)?.version, '9.8')
})

for (const { words, says } of [
  { words: ['help', 'dploy'], says: /there is no command "dploy"; did you mean "deploy"\?/ },
  { words: ['help', 'deploy', 'x'], says: /"plimsoll help" takes one command; "x" is too much/ },
  {
    words: ['plan', '--version', ''],
    says: /--version is "", expected a version of 1 to 200 characters in one line/,
  },
  {
    words: ['deploy', '--version', 'a\nb'],
    says: /--version is "a\\nb", expected a version of 1 to 200 characters in one line/,
  },
  { words: ['dploy'], says: /there is no command "dploy"; did you mean "deploy"\?/ },
  { words: ['run'], says: /there is no command "run"; did you mean "deploy"\?\n/ },
  { words: ['status'], says: /there is no command "status"; did you mean "runs"\?\n/ },
  {
    words: ['shop.yaml'],
    says: /there is no command "shop\.yaml"; to run a plan, write plimsoll deploy "shop\.yaml"\n/,
  },
  { words: ['deploy', '-e', 'x'], says: /no option -e; did you mean "--env"\?\n/ },
  {
    words: ['deploy', 'production'],
    says: /there is no plan "production"\nfix: Write --env "production": plimsoll\.yaml has it/,
  },
  {
    words: ['plan', 'build'],
    says: /there is no plan "build"\nfix: Write --only "build": plimsoll\.yaml has it/,
  },
  { words: ['deploy', 'none.yaml'], says: /there is no plan "none\.yaml"\nfix: Check the path/ },
  {
    words: ['deploy', '--only', 'build,build'],
    says: /"build,build" is not a task of the plan "shop"; write --only build --only build\n/,
  },
  { words: ['zzzzzzzz'], says: /there is no command "zzzzzzzz"\n/ },
  { words: ['--josn', 'deploy'], says: /"--josn"/ },
  { words: ['deploy', '--concurency', '3'], says: /no option --concurency; did you mean "--concurrency"\?/ },
  { words: ['deploy', '--databse', 'x'], says: /no option --databse; did you mean "--database"/ },
  { words: ['deploy', '-x'], says: /no option -x/ },
  { words: ['deploy', '--env'], says: /: --env needs a value: --env NAME\n/ },
  { words: ['deploy', '--env', '--yes'], says: /: --env needs a value: --env NAME\n/ },
  { words: ['deploy', '--yes=no'], says: /: --yes takes no value\n/ },
  { words: ['deploy', 'a.yaml', 'b.yaml'], says: /takes one argument; "b\.yaml" is too much/ },
  { words: ['memory', 'now'], says: /takes no arguments/ },
  { words: ['deploy', '--concurrency', 'many'], says: /--concurrency is "many", expected a whole number/ },
  ...['0', '-1', '1001'].flatMap((count) =>
    [['--concurrency', count], [`--concurrency=${count}`]].map((words) => ({
      words: ['deploy', ...words],
      says: new RegExp(`--concurrency is "${count}", expected a whole number from 1 to 1000\n`),
    })),
  ),
  ...['0', '-1', '101%', '-1GiB'].flatMap((budget) =>
    [['--memory', budget], [`--memory=${budget}`]].map((words) => ({
      words: ['deploy', ...words],
      says: new RegExp(
        `--memory is "${budget}", expected a share above 0% and up to 100%, or a size above 0 such as 512MiB, 1\\.5GB or 800KiB\n`,
      ),
    })),
  ),
  { words: ['runs', '--limit', '-5'], says: /--limit is "-5", expected a whole number from 1 to 1000\n/ },
  { words: ['runs', '--limit', '5000'], says: /--limit is "5000", expected a whole number from 1 to 1000\n/ },
  { words: ['deploy', '--var', 'novalue'], says: /--var is "novalue", expected NAME=VALUE/ },
  {
    words: ['deploy', '--fail-fast', '--keep-going'],
    says: /--fail-fast and --keep-going exclude each other/,
  },
  { words: ['deploy', '--only', 'bild'], says: /"bild".*did you mean "build"/ },
  { words: ['deploy', '--env', 'productoin'], says: /"productoin".*did you mean "production"/ },
  { words: ['completion', 'tcsh'], says: /not for "tcsh"/ },
]) {
  test(`"plimsoll ${words.join(' ')}" is refused in two lines, exit code 2`, async () => {
    using folder = new Folder()
    folder.write(
      'plimsoll.yaml',
      'name: shop\nenvironments: { production: {} }\ntasks: { build: { exec: ["true"] } }\n',
    )
    const { code, stdout, stderr } = await folder.plimsoll(words)
    assert.match(stderr, says)
    assert.match(stderr, /^error (?:USAGE|PLAN_INVALID|PLAN_UNREADABLE|OPTION_INVALID): [\s\S]*\nfix: .*\n$/)
    assert.doesNotMatch(stderr, /^ +at /m)
    assert.equal(stdout, '')
    assert.equal(code, 2)
  })
}

test('with --json the error is the last line of standard output', async () => {
  using folder = new Folder()
  const { code, stdout } = await folder.plimsoll(['deploy', '--json', '--nope'])
  const error = jsonLines(stdout).at(-1)
  assert.deepEqual({ ...error, message: '', fix: '' }, { type: 'error', code: 'USAGE', message: '', fix: '' })
  assert.equal(code, 2)
})

test('every problem of a plan has its file, line and column, for people and for programs', async () => {
  using folder = new Folder()
  folder.write(
    'plimsoll.yaml',
    'name: shop\ntasks:\n  build:\n    ruin: x\n  test:\n    run: x\n    needs: [biuld]\n',
  )
  const { code, stdout, stderr } = await folder.plimsoll(['deploy', '--json'])
  assert.equal(code, 2)
  assert.match(stderr, /plimsoll\.yaml:4:5 .*ruin/)
  assert.match(stderr, /plimsoll\.yaml:7:13 .*biuld/)
  const problems = jsonLines(stdout).at(-1)?.problems
  assert.ok(Array.isArray(problems))
  assert.ok(problems.some(({ line, column }) => line === 7 && column === 13))
})

test('--debug adds where an error comes from, with its causes', async () => {
  using folder = new Folder()
  const plain = await folder.plimsoll(['deploy', 'none.yaml'])
  assert.doesNotMatch(plain.stderr, /^ +at /m)
  const debug = await folder.plimsoll(['deploy', 'none.yaml', '--debug'])
  assert.match(debug.stderr, /^ +at /m)
  assert.match(debug.stderr, /cause.*ENOENT/)
})

test('what was typed cannot act on the terminal', async () => {
  using folder = new Folder()
  for (const words of [['\u001b[2Jx'], ['deploy', '--\u001b[2J'], ['deploy', '\u001b[2J.yaml']]) {
    const { stderr } = await folder.plimsoll(words)
    assert.match(stderr, /^error/)
    assert.ok(!stderr.includes('\u001b'), JSON.stringify(stderr))
  }
})

test('colours only where they are wanted', async () => {
  using folder = new Folder()
  const coloured = { FORCE_COLOR: '1' }
  assert.ok((await folder.plimsoll(['nope'], coloured)).stderr.includes('\u001b[31m'))
  assert.ok(!(await folder.plimsoll(['nope'])).stderr.includes('\u001b'))
  assert.ok(!(await folder.plimsoll(['nope'], { ...coloured, NO_COLOR: '1' })).stderr.includes('\u001b'))
})
