import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { causes, diagnose } from '../../src/experts/experts.ts'
import type { LogLine } from '../../src/spine.ts'

type Label = {
  readonly file: string
  readonly cause: string
  /** "3" or "3-5": what a person would point at. */
  readonly evidence_lines?: readonly string[]
}

/** A cited line counts when it is this near to a labelled one. */
const nearLines = 3

/** What real tools printed when `scripts/provoke.ts` made them fail. */
const folder = new URL('./logs/', import.meta.url)
const labels = readFileSync(new URL('labels.jsonl', folder), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Label)

function isIn(range: string, line: number | null): boolean {
  const [first = 0, last = first] = range.split('-').map(Number)
  return line !== null && line >= first - nearLines && line <= last + nearLines
}

test('at least forty kinds of failure were provoked with real tools, of most causes of the taxonomy', () => {
  const failures = labels.filter(({ cause }) => cause !== 'healthy')
  const kinds = new Set(failures.map(({ cause }) => cause))
  assert.ok(failures.length >= 100)
  assert.ok(kinds.size >= 25)
  for (const kind of kinds) assert.ok(Object.hasOwn(causes, kind), kind)
})

test('of each provoked failure the lines that show it are known, and they are in its log', () => {
  for (const { file, cause, evidence_lines: ranges } of labels) {
    const lines = readFileSync(new URL(file, folder), 'utf8').split(/\r\n?|\n/)
    assert.equal(ranges !== undefined, cause !== 'healthy', file)
    for (const line of (ranges ?? []).flatMap((range) => range.split('-'))) {
      assert.notEqual(lines[Number(line) - 1] ?? '', '', `${file}:${line}`)
    }
  }
})

for (const { file, cause, evidence_lines: ranges } of labels) {
  const what = ranges === undefined ? '' : `, with a line near ${ranges.join(' or ')}`
  test(`what a tool printed in ${file} is diagnosed as ${cause}${what}`, async () => {
    const diagnosis = await diagnose({
      logs: [{ name: file, chunks: [readFileSync(new URL(file, folder))] }],
    })
    assert.equal(diagnosis.cause, cause === 'healthy' ? null : cause)
    const isNear = ({ line }: LogLine): boolean => ranges?.some((range) => isIn(range, line)) ?? true
    assert.ok(diagnosis.evidence.some(isNear) || ranges === undefined, `${diagnosis.evidence[0]?.line}`)
  })
}
