import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { commonOptions } from '../../src/cli/common-options.ts'
import { Folder } from './plimsoll.ts'

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

const hasBash = spawnSync('bash', ['-c', 'exit 0']).status === 0
for (const { words, found } of [
  { words: ['plimsoll', 'dep'], found: ['deploy'] },
  { words: ['plimsoll', 'deploy', '--fail'], found: ['--fail-fast'] },
  { words: ['plimsoll', 'show', '--ma'], found: ['--markdown'] },
  { words: ['plimsoll', 'deploy', 'shop.y'], found: ['shop.yaml'] },
]) {
  test(`bash completes "${words.join(' ')}"`, { skip: !hasBash }, async () => {
    using folder = new Folder()
    folder.write('shop.yaml', '')
    folder.write('script', (await folder.plimsoll(['completion', 'bash'])).stdout)
    const program = `source ./script; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; _plimsoll; printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout } = spawnSync('bash', ['-c', program], { cwd: folder.path, encoding: 'utf8' })
    assert.deepEqual(stdout.trimEnd().split('\n'), found)
  })
}
