import assert from 'node:assert/strict'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { typedCommand } from '../../src/cli/typed.ts'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: shop
environments: { production: {} }
secrets: [TOKEN]
tasks: { a: { run: "true", env: { T: "\${secrets.TOKEN}" } } }
`

test('audit tells who deployed what, from where; verify finds an entry that was changed', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const variables = { TOKEN: 'tulip-9911-river', GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'octocat' }
  const words = ['deploy', '--env', 'production', '--version', '1.4', '--var', 'A=tulip-9911-river']
  assert.equal((await folder.plimsoll(words, variables)).code, 0)
  await folder.plimsoll(['history', 'export', 'h.jsonl'])
  assert.equal((await folder.plimsoll(['history', 'import', 'h.jsonl'])).code, 0)

  const { stdout } = await folder.plimsoll(['audit'])
  const { username } = userInfo()
  assert.match(
    stdout,
    new RegExp(`\\n 2 +\\S+Z +${username} +\\S+ +history-import `.replace('\\n ', '\\n +')),
  )
  assert.match(
    stdout,
    new RegExp(`${username} +\\S+, GitHub Actions, octocat +deploy +shop production +\\S+ +version 1\\.4`),
  )
  const [entry, ...more] = jsonLines(
    (await folder.plimsoll(['audit', '--action', 'deploy', '--run', 'last', '--json'])).stdout,
  )
  assert.deepEqual(more, [])
  assert.deepEqual(
    [entry?.type, entry?.seq, Object(entry?.by).command],
    ['audit', 1, 'plimsoll deploy --env production --version 1.4 --var A=***'],
  )
  assert.equal((await folder.plimsoll(['audit', '--verify'])).stdout, '2 entries, all as they were written\n')

  const database = new DatabaseSync(join(folder.path, '.plimsoll/plimsoll.db'))
  database.exec("update audit set user_name = 'somebody else' where seq = 1")
  database.close()
  const broken = await folder.plimsoll(['audit', '--verify'])
  assert.equal(broken.code, 1)
  assert.match(broken.stderr, /^error AUDIT_BROKEN: entry 1 of the audit is not what was written/)
})

test('nothing that was typed is kept which looks like a secret', () => {
  assert.equal(
    typedCommand(['deploy', '--var=KEY=a b', '--database', 'postgres://me:pass word@db/x', '--var', 'B']),
    'plimsoll deploy --var=KEY=*** --database *** --var B',
  )
  assert.equal(
    typedCommand([
      'deploy',
      '--database=postgres://db/x?password=hunter2',
      'https://me:hunter2@web/',
      'two words',
    ]),
    'plimsoll deploy --database=*** https://me:***@web/ "two words"',
  )
  assert.ok(typedCommand(['deploy', 'x'.repeat(5_000)]).length <= 2_000)
})
