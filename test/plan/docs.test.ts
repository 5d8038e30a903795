import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { optionVariables, planSchema } from '../../src/plan/plan.ts'
import { parse } from './parsing.ts'

const page = readFileSync(new URL('../../docs/plan-file.md', import.meta.url), 'utf8')
const blocks = [...page.matchAll(/^```yaml([^\n]*)\n(.*?)^```$/gms)].map(([, mark = '', text = '']) => ({
  mark,
  text,
}))
const plans = blocks.filter(({ mark }) => mark.trim() !== 'fragment')

test('every plan of the page is a plan, in every environment that it names', () => {
  assert.ok(plans.length > 0)
  for (const { text } of plans) {
    assert.ok(parse(text).tasks.length > 0)
    for (const environment of ['staging', 'production']) parse(text, { environment })
  }
})

test('every key of the schema is on the page', () => {
  type Node = {
    readonly properties?: Record<string, Node>
    readonly additionalProperties?: Node
    anyOf?: Node[]
  }
  const keysOf = (node: Node): readonly string[] => {
    const { properties = {}, anyOf = [], additionalProperties } = node
    const inner = [...Object.values(properties), ...anyOf]
    if (typeof additionalProperties === 'object') inner.push(additionalProperties)
    return [...Object.keys(properties), ...inner.flatMap(keysOf)]
  }
  const keys = new Set(keysOf(planSchema() as Node))
  assert.ok(keys.has('maxDelay') && keys.has('chunkSize') && keys.has('within'))
  for (const key of keys) assert.match(page, new RegExp(`\\b${key}\\b`), `${key} is not on the page`)
})

test('every option is on the page', () => {
  for (const { option } of optionVariables) assert.ok(page.includes(`\`${option}\``), option)
})
