import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordOptions } from '../../src/report/report.ts'

const here = join(process.cwd(), '.plimsoll')
const options = (database?: string, variables: NodeJS.ProcessEnv = {}, stateDir = here): string =>
  recordOptions({ stateDir, database, variables })

test('a command that is shown names the record only where it would look for it elsewhere', () => {
  assert.equal(options(), '')
  assert.equal(options(undefined, {}, '.plimsoll'), '')
  assert.equal(options(undefined, {}, "/srv/it's"), ` --state '/srv/it'\\''s'`)
  const address = 'postgres://deployer@db.example/plimsoll?sslmode=require'
  assert.equal(options(address), ` --database '${address}'`)
  assert.equal(options('postgres://db/x', {}, '/srv/s'), ' --state /srv/s --database postgres://db/x')
  const variables = { PLIMSOLL_DATABASE_URL: address }
  assert.equal(options(undefined, variables), '')
  assert.equal(options(address, variables), '')
  assert.equal(options('postgres://db/other', variables), ' --database postgres://db/other')
  // The variable is overruled: the record is beside the plan.
  assert.equal(options('', variables), ` --database ''`)
  assert.equal(options(''), '')
})

test('a command that is shown holds no secret of an address, wherever it stands there', () => {
  assert.equal(
    options('postgres://deployer:s3cret@db.example:5433/plimsoll?sslmode=require'),
    ` --database 'postgres://deployer:***@db.example:5433/plimsoll?sslmode=require'`,
  )
  for (const address of [
    'postgres://deployer:s3cret@db.example/plimsoll',
    'postgres://deployer:an@s3cret@db.example/plimsoll',
    'postgres://:s3cret@db.example/plimsoll',
    'postgres://db.example/plimsoll?user=deployer&password=s3cret',
    'postgres://db.example/plimsoll?password=one&password=s3cret',
    'postgres://db.example/plimsoll?options=-c%20app.token%3Ds3cret',
    'postgres://db.example/plimsoll#s3cret',
    'postgres://db.example:s3cret/plimsoll',
    's3cret',
  ])
    assert.doesNotMatch(options(address), /s3cret/, address)
})
