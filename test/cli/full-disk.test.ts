import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fillSmallDisk, mountSmallDisk, whyNoSmallDisk } from '../run/small-disk.ts'
import { Folder, jsonLines } from './plimsoll.ts'

const plan = `name: full
tasks:
  fill: { run: ${JSON.stringify(fillSmallDisk)} }
  after: { needs: fill, run: touch after }
`

const skip = whyNoSmallDisk

test('when the record cannot be written any more, the last JSON line is the report, with the error in it', {
  skip,
}, async () => {
  using folder = new Folder()
  using _disk = mountSmallDisk(folder.path)
  folder.write('plimsoll.yaml', plan)
  const { code, stdout, stderr } = await folder.plimsoll(['deploy', '--state', 'small', '--json'])
  assert.equal(code, 1)
  const report = jsonLines(stdout).at(-1)
  assert.equal(report?.type, 'report')
  assert.equal(report?.status, 'failed')
  assert.match(JSON.stringify(report?.error), /"code":"STATE_FULL"/)
  assert.match(stderr, /^error STATE_FULL: .*\nfix: /m)
})

test('when the record cannot be written any more, people get the report, and the error after it', {
  skip,
}, async () => {
  using folder = new Folder()
  using _disk = mountSmallDisk(folder.path)
  folder.write('plimsoll.yaml', plan)
  const { code, stdout, stderr } = await folder.plimsoll(['deploy', '--state', 'small'])
  assert.equal(code, 1)
  assert.match(stdout, /^full dev failed \(run .*\)$/m)
  assert.match(stdout, /^the run: STATE_FULL /m)
  assert.match(stderr, /^error STATE_FULL: .*\nfix: /)
})
