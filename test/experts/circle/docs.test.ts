import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Preset, presets } from '../../../src/plan/circle-presets.ts'

const folder = new URL('../../../docs/experts/', import.meta.url)

test('every provider has a page that says where is sent what, and which key is used', () => {
  const names = [...Object.keys(presets), 'offline'].map((name) => `${name}.md`)
  assert.deepEqual(readdirSync(folder).toSorted(), names.toSorted())
  for (const [name, { baseUrl, keyVariable }] of Object.entries<Preset>(presets)) {
    const page = readFileSync(new URL(`${name}.md`, folder), 'utf8')
    assert.ok(page.includes(`provider: ${name},`), name)
    for (const fact of [baseUrl, keyVariable])
      if (fact !== null) assert.ok(page.includes(`\`${fact}\``), `${name}: ${fact}`)
  }
})
