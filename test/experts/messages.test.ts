import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { diagnose } from '../../src/experts/experts.ts'

/** The last lines of logs of many tools, in their own words, and what that is called in the taxonomy. */
const messages = readFileSync(new URL('./messages.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly cause: string; readonly log: string })

const causeOf = async (text: string): Promise<string | null> =>
  (await diagnose({ logs: [{ name: 'log', chunks: [Buffer.from(text)] }] })).cause

for (const { cause, log } of messages) {
  test(`${cause}: ${log.split('\n').at(-1)?.slice(0, 80)}`, async () => {
    assert.equal(await causeOf(log), cause === 'healthy' ? null : cause, log)
  })
}

/** What healthy logs are full of. */
const noise = [
  '[INFO] Tests run: 240, Failures: 0, Errors: 0, Skipped: 3',
  'PASS src/errors.test.ts: an invalid token is refused, permission denied, connection refused',
  'npm warn deprecated glob@7.2.3: Glob versions prior to v9 are no longer supported',
  '[WARNING] Could not transfer metadata from snapshots: it is not cached, trying again',
  'level=info msg="retrying after timeout" attempt=2 error=null',
  'src/main.c:12:5: warning: unused variable [-Wunused-variable]',
  'Downloading errors-1.0.0.jar 100 %',
  '##[group]Run npm test',
]

test('a cause is found behind a thousand lines of noise, and the noise alone has none', async () => {
  const before = Array.from({ length: 1_000 }, (_, at) => noise[at % noise.length]).join('\n')
  assert.equal(await causeOf(before), null)
  for (const { cause, log } of messages.filter((message) => message.cause !== 'healthy')) {
    assert.equal(await causeOf(`${before}\n${log}`), cause, log)
  }
})

test('what came before a success is not why the next step failed', async () => {
  const first = messages.find(({ cause }) => cause === 'port-in-use')?.log
  assert.equal(await causeOf(`${first}\nBUILD SUCCESS\n`), null)
  assert.equal(
    await causeOf(`${first}\nBUILD SUCCESS\ncp: cannot stat 'dist': No such file or directory`),
    'file-not-found',
  )
})
