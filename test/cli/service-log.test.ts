import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { until } from '../pool/pools.ts'
import { Folder } from './plimsoll.ts'

const token = 'hunter2-hunter2'
/** The service ends by itself. */
const plan = `name: shop
secrets: [TOKEN, OTHER]
tasks:
  serve:
    run: 'echo "the token is $TOKEN"; sleep 1'
    detach: true
    env: { TOKEN: "\${secrets.TOKEN}" }
  task: { run: 'echo "it is $OTHER"', env: { OTHER: "\${secrets.OTHER}" } }
`

test('the log of a service is masked as it is printed, as far as its secrets are known', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const secrets = { TOKEN: token, OTHER: 'another-secret' }
  assert.equal((await folder.plimsoll(['deploy'], secrets)).code, 0)
  const logs = (): readonly string[] => globSync(join(folder.path, '.plimsoll/runs/*/*.log'))
  await until(() => logs().some((file) => readFileSync(file, 'utf8').includes(token)))

  const known = await folder.plimsoll(['logs', 'last', 'serve'], secrets)
  assert.deepEqual([known.stdout, known.stderr], ['the token is ***\n', ''])

  const unknown = await folder.plimsoll(['logs', 'last', 'serve'], { OTHER: secrets.OTHER })
  assert.equal(unknown.stdout, `the token is ${token}\n`)
  assert.equal(
    unknown.stderr,
    'the log of a service is shown as the service wrote it: the value of TOKEN is not known here\n',
  )
  const task = await folder.plimsoll(['logs', 'last', 'task'])
  assert.deepEqual([task.stdout, task.stderr], ['it is ***\n', ''])
})
