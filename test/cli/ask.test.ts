import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { test } from 'node:test'
import { ModelServer } from '../experts/circle/model-server.ts'
import { plantSecrets } from '../redact/planted.ts'
import { Folder, jsonLines } from './plimsoll.ts'

const circleOf = (url: string): string => `
circle:
  house: { provider: compatible, model: claude-house, baseUrl: "${url}", price: { input: 1, output: 10 } }
  other: { provider: anthropic, model: claude-sonnet-4-5, baseUrl: "${url}", key: { env: OTHER_KEY } }
experts: { maxConcurrentQueries: 2 }
`

test('ask streams what each expert says, and tells what it cost', async () => {
  await using server = await new ModelServer(() => ({ texts: ['It is\nsafe', '.\u001b[2J'] })).listen()
  using folder = new Folder()
  folder.write('plimsoll.config.yaml', circleOf(server.url))
  folder.write('notes.txt', 'the notes\n')
  const words = ['ask', 'Is it safe?', '--attach', 'notes.txt']
  const { code, stdout, stderr } = await folder.plimsoll(words, { OTHER_KEY: 'k'.repeat(30) })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^house \| It is$/m)
  assert.match(stdout, /^other \| safe\./m)
  assert.ok(!stdout.includes('\u001b'))
  assert.match(stdout, /house: complete \(.* s, 150 tokens, \$0\.0006\)/)
  const kept = await folder.plimsoll(['queries', 'list', '--json'])
  assert.match(kept.stdout, /Is it safe\?/)
  assert.match(server.asked[0]?.body ?? '', /Is it safe\?.*\[1\] the notes/)
})

test('what answers took is among the metrics: counted on, by expert, also of questions at once', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  using folder = new Folder()
  folder.write('plimsoll.config.yaml', circleOf(server.url))
  const ask = (question: string, ...more: string[]) =>
    folder.plimsoll(['ask', question, '--json', ...more], { OTHER_KEY: 'k'.repeat(30) })
  const said = await Promise.all(['Well?', 'Now?'].map((question) => ask(question)))
  await ask('Well?', '--experts', 'house')
  type Spent = { readonly inputTokens: number; readonly costUsd: number | null }
  const answers = said.flatMap(({ stdout }) =>
    jsonLines(stdout).flatMap(({ answer }) =>
      answer === undefined ? [] : [answer as { readonly expert: string; readonly usage: Spent }],
    ),
  )
  const latest = async (name: string) =>
    jsonLines((await folder.plimsoll(['metrics', 'latest', name, '--json'])).stdout)
  const house = answers.filter(({ expert }) => expert === 'house')
  const [first] = house
  assert.ok(first && house.length === 2 && first.usage.inputTokens > 0 && first.usage.costUsd !== null)
  const tokens = await latest('plimsoll_expert_tokens_total')
  const labels = { direction: 'input', expert: 'house', model: 'claude-house' }
  const counted = tokens.filter((sample) => JSON.stringify(sample.labels) === JSON.stringify(labels))
  assert.deepEqual(
    counted.map(({ value }) => value),
    [3 * first.usage.inputTokens],
  )
  const cost = await latest('plimsoll_expert_cost_usd_total')
  assert.equal(cost.length, 1, 'the other one has no price')
  assert.ok(Math.abs(Number(cost[0]?.value) - 3 * first.usage.costUsd) < 1e-9)
  const asked = await latest('plimsoll_expert_answers_total')
  assert.deepEqual(asked.map(({ value }) => value).sort(), [2, 3])
})

test('models are reached through the proxy that the environment names', async () => {
  await using server = await new ModelServer(() => ({ texts: ['through'] })).listen()
  const tunnels: (string | undefined)[] = []
  await using proxy = createServer().on('connect', ({ url }, client) => {
    tunnels.push(url)
    const model = connect(Number(new URL(server.url).port), '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n')
      client.pipe(model).pipe(client)
    })
    for (const socket of [client, model]) socket.on('error', () => model.destroy())
  })
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  using folder = new Folder()
  folder.write(
    'plimsoll.config.yaml',
    `circle:\n  house: { provider: compatible, model: big, baseUrl: "http://models.example/v1" }\n`,
  )
  const { port } = proxy.address() as AddressInfo
  const { code, stdout, stderr } = await folder.plimsoll(['ask', 'Well?', '--experts', 'house'], {
    NODE_USE_ENV_PROXY: '1',
    HTTP_PROXY: `http://127.0.0.1:${port}`,
  })
  assert.equal(code, 0, stdout + stderr)
  assert.match(stdout, /^house \| through$/m)
  assert.ok(tunnels.length > 0 && tunnels.every((url) => url === 'models.example:80'), tunnels.join())
})

test('a missing key is told by its variable, and the others answer', async () => {
  await using server = await new ModelServer(() => ({})).listen()
  using folder = new Folder()
  folder.write('plimsoll.config.yaml', circleOf(server.url))
  const { code, stdout } = await folder.plimsoll(['ask', 'Well?', '--json'], { OTHER_KEY: '' })
  assert.equal(code, 0)
  const last = jsonLines(stdout).at(-1) as {
    readonly type: string
    readonly consultation: { answers: never[] }
  }
  assert.equal(last.type, 'consulted')
  assert.match(JSON.stringify(last.consultation.answers), /EXPERT_KEY_MISSING.*OTHER_KEY/)
})

test('without a circle, an unknown expert or an empty question nothing is asked', async () => {
  using folder = new Folder()
  const nobody = await folder.plimsoll(['ask', 'Well?'])
  assert.equal(nobody.code, 2)
  assert.match(nobody.stderr, /EXPERT_UNKNOWN.*no model is configured/)
  assert.equal((await folder.plimsoll(['ask', ' '])).code, 2)
  folder.write('plimsoll.config.yaml', circleOf('http://127.0.0.1:1/v1'))
  const unknown = await folder.plimsoll(['ask', 'Well?', '--experts', 'hous'])
  assert.match(unknown.stderr, /did you mean "house"/)
  const kept = await folder.plimsoll(['queries', 'list'])
  assert.match(kept.stderr, /nothing has been recorded/)
})

test('diagnose asks the circle as well, shows the vote, and prints no secret', async () => {
  const claim = {
    cause: 'port-in-use',
    explanation: 'taken',
    evidence: [{ line: 25, quote: 'EADDRINUSE' }],
    next: [],
    sure: 'low',
  }
  await using server = await new ModelServer(({ body }) => {
    const line = /\[(\d+)\] Error: listen EADDRINUSE/.exec(body)?.[1]
    return {
      texts: [JSON.stringify({ ...claim, evidence: [{ line: Number(line), quote: 'listen EADDRINUSE' }] })],
    }
  }).listen()
  using folder = new Folder()
  const planted = plantSecrets(() => 0.4321)
  folder.write('plimsoll.yaml', `name: shop\n${circleOf(server.url)}tasks: { web: { run: "true" } }\n`)
  folder.write(
    'web.log',
    `${planted.map(({ line }) => line).join('\n')}\nError: listen EADDRINUSE: address in use 0.0.0.0:80\n`,
  )
  const { code, stdout, stderr } = await folder.plimsoll(['diagnose', 'web.log'], {
    OTHER_KEY: 'k'.repeat(30),
  })
  assert.equal(code, 0, stderr)
  assert.match(stdout, /together: port-in-use \(agreed, 2 of 2 independent votes: /)
  assert.match(stdout, /\| web\.log:\d+: Error: listen EADDRINUSE/)
  const all = stdout + stderr + server.asked.map(({ body }) => body).join('')
  for (const { kind, values } of planted) for (const value of values) assert.ok(!all.includes(value), kind)
  const offline = await folder.plimsoll(['diagnose', 'web.log', '--experts', 'offline'])
  assert.match(offline.stdout, /^Port in use \(port-in-use\)/)
  assert.equal(server.asked.length, 2)
})

test('--env chooses an environment of the plan, also of a diagnosis; one that is not there is refused', async () => {
  using folder = new Folder()
  folder.write('plimsoll.yaml', "name: shop\ntasks: { a: { run: 'true' } }\nenvironments: { staging: {} }\n")
  folder.write('a.log', 'connect ECONNREFUSED 127.0.0.1:9000\n')
  for (const words of [
    ['ask', 'Why?'],
    ['diagnose', 'a.log'],
  ]) {
    const { code, stderr } = await folder.plimsoll([...words, '--env', 'stagin'])
    assert.equal(code, 2, stderr)
    assert.match(stderr, /expected one of "staging"/)
    const empty = await folder.plimsoll([...words, '--env', ''])
    assert.match(empty.stderr, /USAGE: --env names no environment/)
  }
  assert.equal((await folder.plimsoll(['diagnose', 'a.log', '--env', 'staging'])).code, 0)
})
