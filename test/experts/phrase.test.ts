import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchPhrase, parsePhrase } from '../../src/experts/phrase.ts'

const isIn = (phrase: string, line: string, anyCase = false): boolean =>
  matchPhrase(parsePhrase(phrase, anyCase), line) !== null

test('words begin where words begin: a code is not in the middle of a name', () => {
  assert.equal(isIn('EPIPE', 'uploading to s3://codepipeline-eu', true), false)
  assert.equal(isIn('EPIPE', 'AWS::CodePipeline::Pipeline', true), false)
  assert.equal(isIn('ENFILE', 'CreateFileW OPENFILENAMEW'), false)
  assert.equal(isIn('tls: ', 'gnutls: no'), false)
  assert.equal(isIn('EPIPE', 'write EPIPE'), true)
  assert.equal(isIn('EPIPE', 'codepipeline: write EPIPE', true), true)
})

test('a code in capitals ends where it ends', () => {
  assert.equal(isIn('EPIPE', 'the EPIPELINE of the shop'), false)
  assert.equal(isIn('EPIPE', '(EPIPE)'), true)
  assert.equal(isIn('BUILD SUCCESS', 'BUILD SUCCESSFUL in 4 s'), true)
})

test('a number of three digits or more ends where it ends, and a shorter one begins many', () => {
  assert.equal(isIn('connect ECONNREFUSED {address@}:5432', 'connect ECONNREFUSED 10.0.0.7:54321'), false)
  assert.equal(isIn('connect ECONNREFUSED {address@}:5432', 'connect ECONNREFUSED 10.0.0.7:5432'), true)
  assert.equal(isIn('returned error: 5', 'The requested URL returned error: 503'), true)
})

test('a number of things is no status that a server answers with', () => {
  assert.equal(isIn('error: 404', 'error: 404 files could not be uploaded'), false)
  assert.equal(isIn('error: 404', 'error: 404808'), false)
  for (const end of [
    '',
    ' Not Found',
    ' was returned',
    ' is what the server says',
    ' status',
    ' errors',
    ' for https://shop',
  ])
    assert.equal(isIn('error: 404', `error: 404${end}`), true, end)
})

test('names of classes are made of words', () => {
  assert.equal(isIn('LimitExceededException', 'api error WAFLimitExceededException: no more'), true)
  assert.equal(isIn('NotFoundException', 'software.amazon.ResourceNotFoundException'), true)
})

test('the end of a line that JSON writes is no letter of the next word', () => {
  assert.equal(isIn('ERROR: ', '{"log":"starting\\nERROR: no such table"}'), true)
  assert.equal(isIn('ERROR: ', '{"log":"starting\\tERROR: no such table"}'), true)
})

test('none of them is none', () => {
  assert.equal(isIn('timed out', 'errors: 0 timed out, 12 in time'), false)
  assert.equal(isIn('corrupted', 'checked 100 objects, 0 corrupted'), false)
  assert.equal(isIn('timed out', 'timed out: 0, in time: 12'), false)
  assert.equal(isIn('timed out', 'of 10 timed out'), true)
  assert.equal(isIn('nodes are available', '0/3 nodes are available'), true)
  assert.equal(isIn('failed', 'pod web-0 failed'), true)
  assert.equal(isIn('timed out', 'timed out: 0.5 s passed'), true)
})

test('what stands apart is found wherever it stands', () => {
  const apart = fc.constantFrom('', ' ', ': ', '(', '"', '[error] ', '\t', 'é ', '/')
  fc.assert(
    fc.property(
      apart,
      apart,
      fc.constantFrom('EPIPE', 'connection refused', 'P1001: '),
      (before, after, words) => isIn(words, `${before}${words}${after}`),
    ),
  )
})
