/**
 * Looks at what is live before anything changes, so that later tasks and undos know where to go and where from.
 *
 *     node tasks/before.ts VERSION
 *
 * Hands on: `live` (port of the running release, or "none"), `next` (the free one of BLUE and GREEN), `schema` (of
 * the database now), `target` (the schema to bring it to).
 */
import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ask, frontDoorSocket } from '../control.ts'

const { DATA = '', BLUE = '', GREEN = '', PLIMSOLL_OUTPUT = '/dev/stdout' } = process.env
const [version = ''] = process.argv.slice(2)

const releases = readdirSync(join(import.meta.dirname, '../releases'))
if (!releases.includes(version)) refuse(`no release "${version}"; there are: ${releases.join(', ')}`)

const live = await ask(frontDoorSocket(DATA), 'where')
if (live === null) refuse(`the front door is not open: start "node proxy.ts ${process.env.PORT} ${DATA}"`)

const schema = schemaOf(join(DATA, 'shop.db'))
const needed = Number(readFileSync(join(import.meta.dirname, '../releases', version, 'schema'), 'utf8'))
// An older release runs on a newer schema; going down is only for the undo of what this run has done.
const target = Math.max(schema, needed)
const next = live === BLUE ? GREEN : BLUE

const found = `live=${live}\nnext=${next}\nschema=${schema}\ntarget=${target}\n`
appendFileSync(PLIMSOLL_OUTPUT, found)
console.log(found.trim().replaceAll('\n', ', '))

function refuse(why: string): never {
  console.error(why)
  process.exit(1)
}

function schemaOf(file: string): number {
  if (!existsSync(file)) return 0
  using shop = new DatabaseSync(file, { readOnly: true, timeout: 5_000 })
  return Number(shop.prepare('pragma user_version').get()?.user_version)
}
