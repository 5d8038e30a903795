import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { commonOptions } from '../../src/cli/common-options.ts'
import { Folder, mainFile } from './plimsoll.ts'

for (const shell of ['bash', 'zsh', 'fish']) {
  test(`${shell}: the script knows every command and every option`, async () => {
    using folder = new Folder()
    const { code, stdout } = await folder.plimsoll(['completion', shell])
    assert.equal(code, 0)
    for (const { name, options } of commands) {
      assert.match(stdout, new RegExp(`\\b${name}\\b`))
      for (const option of Object.keys({ ...options, ...commonOptions }))
        assert.match(
          stdout,
          shell === 'fish' ? new RegExp(`from ${name}' -l ${option}\\b`) : new RegExp(`--${option}\\b`),
        )
    }
  })

  const hasShell = spawnSync(shell, ['-c', 'exit 0']).status === 0
  test(`${shell} itself can read the script`, { skip: !hasShell }, async () => {
    using folder = new Folder()
    const { stdout } = await folder.plimsoll(['completion', shell])
    folder.write('script', stdout)
    const { status, stderr } = spawnSync(shell, ['-n', 'script'], { cwd: folder.path, encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.equal(status, 0)
  })
}

const names = [
  'build',
  'deploy:web',
  'it is "so"',
  "o'clock",
  '$(touch canary)',
  '`touch canary`',
  'größe',
  'x=y',
]

/** A folder with a plan and two runs, and a `plimsoll` that completes for real, and else writes down its words. */
function prepared(): Folder {
  const folder = new Folder()
  const tasks = names.map((name) => `  ${JSON.stringify(name)}: { run: x }\n`).join('')
  folder.write('plimsoll.yaml', `name: shop\nenvironments: { staging: {}, production: {} }\ntasks:\n${tasks}`)
  folder.write('other.yaml', 'name: other\ntasks: { other-task: { run: x } }\n')
  mkdirSync(join(folder.path, 'build'))
  for (const id of ['20261123-101530-aa', '20261124-101530-bb'])
    mkdirSync(join(folder.path, '.plimsoll', 'runs', id), { recursive: true })
  mkdirSync(join(folder.path, 'bin'))
  folder.write(
    'bin/plimsoll',
    `#!/bin/sh
case "$1 $2" in "__complete "* | "completion bash") exec '${process.execPath}' '${mainFile}' "$@" ;; esac
for word in "$@"; do printf '%s\\0' "$word" >> typed; done
printf '\\n' >> typed
`,
  )
  chmodSync(join(folder.path, 'bin/plimsoll'), 0o755)
  return folder
}

/** What `plimsoll` is given when a person types these lines into a bash at a terminal; a tab completes. */
function typedIntoBash(folder: Folder, lines: readonly string[]): readonly (readonly string[])[] {
  const program = 'source <(plimsoll completion bash)\nset +o history\n'
  const { error } = spawnSync('script', ['--quiet', '--command', 'bash --norc --noprofile -i', '/dev/null'], {
    cwd: folder.path,
    input: `${program}${lines.join('\n')}\nexit\n`,
    env: {
      PATH: `${join(folder.path, 'bin')}:${process.env.PATH}`,
      TERM: 'dumb',
      INPUTRC: '/dev/null',
      LC_ALL: 'C.UTF-8',
    },
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  assert.equal(error, undefined)
  const typed = readFileSync(join(folder.path, 'typed'), 'utf8').split('\n').slice(0, -1)
  return typed.map((line) => line.split('\0').slice(0, -1))
}

const hasBash =
  spawnSync('script', ['--version']).status === 0 && spawnSync('bash', ['-c', 'exit 0']).status === 0

test('a real bash completes commands, options, files, tasks, environments and runs', {
  skip: !hasBash,
}, () => {
  using folder = prepared()
  const cases: readonly (readonly [line: string, ...words: string[]])[] = [
    ['plimsoll dep\t', 'deploy'],
    ['plimsoll deploy --fail\t', 'deploy', '--fail-fast'],
    ['plimsoll deploy oth\t', 'deploy', 'other.yaml'],
    ['plimsoll deploy --env st\t', 'deploy', '--env', 'staging'],
    ['plimsoll deploy --env=pr\t', 'deploy', '--env=production'],
    ['plimsoll deploy --only bu\t', 'deploy', '--only', 'build'],
    ['plimsoll deploy other.yaml --only o\t', 'deploy', 'other.yaml', '--only', 'other-task'],
    ['plimsoll deploy --only deploy:\t', 'deploy', '--only', 'deploy:web'],
    ['plimsoll deploy --only=x\t', 'deploy', '--only=x=y'],
    ['plimsoll deploy --only grö\t', 'deploy', '--only', 'größe'],
    ['plimsoll show 20261124\t', 'show', '20261124-101530-bb'],
    ['plimsoll logs la\t it\\ \t', 'logs', 'last', 'it is "so"'],
    ['plimsoll deploy --only nothing-\t', 'deploy', '--only', 'nothing-'],
    ['plimsoll completion zs\t', 'completion', 'zsh'],
  ]
  const typed = typedIntoBash(
    folder,
    cases.map(([line]) => line),
  )
  for (const [index, [line, ...words]] of cases.entries()) assert.deepEqual(typed[index], words, line)
})

test('names that a shell would execute are completed as words, and nothing of them is executed', {
  skip: !hasBash,
}, () => {
  using folder = prepared()
  const typed = typedIntoBash(folder, [
    'plimsoll deploy --only \\$\t',
    'plimsoll deploy --only \\`\t',
    "plimsoll deploy --only o\\'\t",
    'plimsoll deploy --only \t\t',
  ])
  assert.deepEqual(
    typed.slice(0, 3).map((words) => words[2]),
    ['$(touch canary)', '`touch canary`', "o'clock"],
  )
  assert.ok(!existsSync(join(folder.path, 'canary')))
})

for (const { words, found } of [
  { words: ['deploy', '--only', ''], found: names },
  { words: ['plan', '--var', 'A=1', '--only', 'b'], found: ['build'] },
  { words: ['plan', '--only=b'], found: ['--only=build'] },
  { words: ['plan', 'other.yaml', '--only', ''], found: ['other-task'] },
  { words: ['plan', 'none.yaml', '--only', ''], found: [] },
  { words: ['plan', '/dev/zero', '--only', ''], found: [] },
  { words: ['plan', '--env', 'p'], found: ['production'] },
  { words: ['show', ''], found: ['last', '20261124-101530-bb', '20261123-101530-aa'] },
  { words: ['show', '--state', 'elsewhere', ''], found: ['last'] },
  { words: ['logs', '--state', '.plimsoll', 'last', 'b'], found: ['build'] },
  { words: ['help', 'd'], found: ['deploy', 'diff', 'diagnose', 'doctor'] },
  { words: ['completion', ''], found: ['bash', 'zsh', 'fish'] },
]) {
  test(`"${words.join(' ')}" may go on with ${found.join(', ') || 'nothing'}`, async () => {
    using folder = prepared()
    const { code, stdout, stderr } = await folder.plimsoll(['__complete', ...words])
    assert.equal(stderr, '')
    assert.deepEqual(stdout.split('\n').slice(0, -1), found)
    assert.equal(code, 0)
  })
}

test('where no name belongs, or nothing can be read, completion is silent', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', `name: [\n\ttasks: {{{${'['.repeat(100_000)}`)
  for (const words of [
    [],
    [''],
    ['nope', ''],
    ['deploy', ''],
    ['deploy', '--st'],
    ['deploy', '--version', ''],
    ['logs', 'last', 'b', ''],
  ]) {
    assert.deepEqual(await folder.plimsoll(['__complete', ...words]), { code: 1, stdout: '', stderr: '' })
  }
  assert.deepEqual(await folder.plimsoll(['__complete', 'deploy', '--only', '']), {
    code: 0,
    stdout: '',
    stderr: '',
  })
  assert.ok(!existsSync(join(folder.path, '.plimsoll')))
})
