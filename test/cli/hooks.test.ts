/** Hooks at the command line: foreseen, shown, and their output read. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: shop
before: { open: { run: echo opening } }
tasks: { ship: { run: exit 3 } }
onFailure: { page: { run: echo paging } }
after: { close: { run: "echo closing; exit 4" } }
`

test('plan names the hooks, the report lists them behind the tasks, and logs prints what they wrote', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', plan)
  const foreseen = await folder.plimsoll(['plan'])
  assert.match(foreseen.stdout, /^before +open\nonFailure +page\nafter +close$/m)

  const deployed = await folder.plimsoll(['deploy'])
  assert.equal(deployed.code, 1, deployed.stderr)
  assert.match(
    deployed.stdout,
    /^before: open +succeeded[\s\S]*^ship +failed[\s\S]*^onFailure: page +succeeded[\s\S]*^after: close +failed/m,
  )
  assert.match(deployed.stdout, /HOOK_FAILED the task "close" of "after" failed/)
  assert.match(deployed.stdout, /1 task in .*: 1 failed;/)

  assert.equal((await folder.plimsoll(['logs', 'last', 'page'])).stdout, 'paging\n')
  const [report] = jsonLines((await folder.plimsoll(['show', '--json'])).stdout)
  assert.deepEqual(Object.keys(report?.hooks ?? {}), ['before', 'onFailure', 'after'])
  const { stdout } = await folder.plimsoll(['show', '--markdown'])
  assert.match(stdout, /\| after\\: close \| failed \|/)
})
