import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ExpertManager } from '../../../src/experts/experts.ts'
import { mountSmallDisk, whyNoSmallDisk } from '../../run/small-disk.ts'
import { ModelServer } from './model-server.ts'

test('where the disk is full a long answer ends with that error, what fits is kept until the end, and the other answers stay', {
  skip: whyNoSmallDisk,
}, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'plimsoll-answers-'))
  try {
    using disk = mountSmallDisk(dir, 1)
    await using long = await new ModelServer(() => ({
      texts: Array.from({ length: 300 }, () => '0123456789\n'.repeat(1_000)),
    })).listen()
    await using short = await new ModelServer(() => ({ texts: ['It is so.'] })).listen()
    const experts = [long.source('openai', { name: 'long' }), short.source('anthropic', { name: 'short' })]
    await using manager = new ExpertManager({ experts, spillDir: disk.stateDir })
    const question = { id: 'q', type: 'technical', title: 'Why?', text: 'Is it so?' }
    const { answers } = await manager.consult(question)
    const of = (name: string) => answers.find(({ expert }) => expert === name)
    assert.equal(of('long')?.error?.code, 'STATE_FULL')
    assert.notEqual(of('long')?.status, 'complete')
    const kept = of('long')?.spilled
    assert.ok(kept && statSync(kept.file).size >= kept.bytes && kept.bytes > 500_000)
    assert.match(of('long')?.text ?? '', /^0123456789\n/)
    assert.equal(of('short')?.text, 'It is so.')
    assert.equal(of('short')?.status, 'complete')
    await manager[Symbol.asyncDispose]()
    assert.deepEqual(readdirSync(disk.stateDir), [])
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
