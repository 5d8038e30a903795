import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { causes, diagnose } from '../../src/experts/experts.ts'

/** What real tools printed when `scripts/provoke.ts` made them fail. */
const folder = new URL('./logs/', import.meta.url)
const labels = readFileSync(new URL('labels.jsonl', folder), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as { readonly file: string; readonly cause: string })

test('at least forty kinds of failure were provoked with real tools, of most causes of the taxonomy', () => {
  const failures = labels.filter(({ cause }) => cause !== 'healthy')
  const kinds = new Set(failures.map(({ cause }) => cause))
  assert.ok(failures.length >= 100)
  assert.ok(kinds.size >= 25)
  for (const kind of kinds) assert.ok(Object.hasOwn(causes, kind), kind)
})

for (const { file, cause } of labels) {
  test(`what a tool printed in ${file} is diagnosed as ${cause}`, async () => {
    const diagnosis = await diagnose({
      logs: [{ name: file, chunks: [readFileSync(new URL(file, folder))] }],
    })
    assert.equal(diagnosis.cause, cause === 'healthy' ? null : cause)
  })
}
