/** secretlint's second opinion, asked only where there may be something for it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { createRedactor } from '../../src/redact/redact.ts'
import { secondLook } from '../../src/redact/second-look.ts'
import { plantSecrets } from './planted.ts'

const redactor = createRedactor(['a secret of the plan'])

/** No rule of ours is about it; one of secretlint's is. */
const quoted = `Ab'${Array.from({ length: 9 }, (_, index) => (index * 7) % 10).join('')}`
const login = `connecting to postgres://shop:${quoted}@db.internal:5432/shop`

async function kept(text: string, size: number): Promise<string> {
  const stream = redactor.keptStream()
  const bytes = Buffer.from(text)
  const parts: Uint8Array[] = []
  for (let at = 0; at < bytes.length; at += size) {
    parts.push(new Uint8Array(await stream.push(bytes.subarray(at, at + size))))
  }
  return Buffer.concat([...parts, await stream.end()]).toString()
}

test('secretlint masks what our own rules let through, and lines stay lines', async () => {
  assert.equal(redactor.text(login), login)
  const output = await kept(`é one\n${login}\ntwo a secret of the plan\n`, 1_000)
  assert.match(output, /^é one\n.*\*\*\*.*\ntwo \*\*\*\n$/)
  assert.ok(!output.includes(quoted))
})

test('a line that comes in pieces is looked at as a whole', async () => {
  for (const size of [1, 3, 20, 64]) {
    assert.ok(!(await kept(`one\n${login}\ntwo\n`, size)).includes(quoted), `${size}`)
  }
})

test('texts in plain data pass it too, and a promise is made only where it is asked', async () => {
  const harmless = { message: 'all is well', list: [1, null, true, 'lone \ud800'] }
  assert.deepEqual(redactor.kept(harmless), harmless)
  const [{ line, values }] = plantSecrets(Math.random) as [ReturnType<typeof plantSecrets>[number]]
  const now = redactor.kept({ line, own: 'a secret of the plan' })
  assert.ok(!(now instanceof Promise))
  assert.equal(now.own, '***')
  assert.ok(!values.some((value) => now.line.includes(value)))
  const later = redactor.kept({ nested: [{ login }] })
  assert.ok(later instanceof Promise)
  assert.ok(!JSON.stringify(await later).includes(quoted))
})

test('a log that tells secretlint to be silent is not obeyed', async () => {
  const output = await secondLook(`# secretlint-disable\n${login}\n`)
  assert.ok(!output.includes(quoted))
})

test('whatever secretlint finds alone, our rules mask or hand over', async () => {
  for (const { kind, line, values } of plantSecrets(Math.random)) {
    const alone = await secondLook(line)
    if (alone === line) continue
    const output = await kept(line, 64)
    assert.ok(!values.some((value) => output.includes(value)), kind)
  }
})

test('secretlint is not loaded while nothing is suspicious', () => {
  const script = `
    const { createRedactor } = await import('./src/redact/redact.ts')
    const stream = createRedactor([]).keptStream()
    await stream.push(Buffer.from('password=Abc123456 and ordinary lines\\n'.repeat(1000)))
    await stream.end()
    const { registerHooks } = await import('node:module')
    let asked = 0
    registerHooks({ load: (url, context, next) => { asked += url.includes('secretlint') ? 1 : 0; return next(url, context) } })
    const second = createRedactor([]).keptStream()
    await second.push(Buffer.from('ordinary lines\\n'))
    await second.end()
    const before = asked
    const third = createRedactor([]).keptStream()
    await third.push(Buffer.from('postgres://shop:Ab' + "'1234567@db.internal/shop\\n"))
    await third.end()
    console.log(before, asked > 0)
  `
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    encoding: 'utf8',
  })
  assert.equal(stdout.trim(), '0 true', stderr)
})
