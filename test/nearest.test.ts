import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { didYouMean, nearestName } from '../src/nearest.ts'

const names = ['needs', 'timeout', 'memory', 'retry', 'environments']

test('a letter added, left out, replaced, or swapped with its neighbour finds the name that was meant', () => {
  for (const [typed, meant] of [
    ['neeeds', 'needs'],
    ['neds', 'needs'],
    ['nexds', 'needs'],
    ['nedes', 'needs'],
    ['timeot', 'timeout'],
    ['Memory', 'memory'],
    ['enviroment', 'environments'],
  ] as const) {
    assert.equal(nearestName(typed, names), meant)
  }
})

test('the nearer of two candidates wins', () => {
  assert.equal(nearestName('stagin', ['stagings-x', 'stage', 'staging']), 'staging')
})

test('a word that is like none of the names gets no suggestion', () => {
  assert.equal(nearestName('zebra', names), undefined)
  assert.equal(nearestName('', names), undefined)
  assert.equal(nearestName('x'.repeat(10_000), ['x'.repeat(10_001)]), undefined)
  assert.equal(didYouMean('zebra', names), '')
})

test('a suggestion is always one of the candidates and never the word itself', () => {
  fc.assert(
    fc.property(fc.string(), fc.array(fc.string()), (word, candidates) => {
      const nearest = nearestName(word, candidates)
      assert.ok(nearest === undefined || (candidates.includes(nearest) && nearest !== word))
    }),
  )
})

test('one wrong letter in a longer name is always put right', () => {
  const word = fc.stringMatching(/^[a-z]{4,20}$/)
  fc.assert(
    fc.property(word, fc.nat(), fc.constantFrom('0', '9', '_'), (name, at, wrong) => {
      const index = at % name.length
      const typed = name.slice(0, index) + wrong + name.slice(index + 1)
      assert.equal(nearestName(typed, [name]), name)
    }),
  )
})
