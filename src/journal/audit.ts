/**
 * The audit: entries are added, never changed. Each carries a hash of itself and of the one before, and the last one is
 * remembered apart, so that one that was changed, removed or put in between shows. It does not keep out somebody who may
 * write to the database and computes all hashes anew: send `plimsoll audit --json` elsewhere to keep those honest.
 */
import { createHash } from 'node:crypto'
import { type Statement, type Store, storable, type Value } from '../store/store.ts'
import type { AuditAction, AuditCheck, AuditEntry, AuditFilter, AuditNote } from './audit-words.ts'
import { boundedText } from './bounded-json.ts'
import { isConflict } from './lease.ts'

/** So often an addition is made anew that others came before: nothing has failed, so that this is no work for `retry`. */
const mostTries = 100
const longestDetail = 1_000
const mostEntries = 1_000

type Row = {
  readonly seq: number
  readonly at_ms: number
  readonly action: AuditAction
  readonly plan: string | null
  readonly environment: string | null
  readonly run_id: string | null
  readonly task: string | null
  readonly user_name: string
  readonly sudo_user: string | null
  readonly host: string
  readonly ci: string | null
  readonly actor: string | null
  readonly terminal: number
  readonly release: string
  readonly command: string | null
  readonly detail: string | null
  readonly hash: string
}
const columns = `seq, at_ms, action, plan, environment, run_id, task, user_name, sudo_user, host, ci, actor, terminal,
  release, command, detail`

type Head = { readonly seq: number; readonly hash: string }

/** Writes the notes, in their order, and the statements in one transaction, which `write` makes. */
export async function writeNoted(
  store: Store,
  notes: readonly AuditNote[],
  {
    write = store.write,
    statements = [],
  }: { write?: Store['write']; statements?: readonly Statement[] } = {},
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const head = await headOf(store)
    try {
      return await write([...addingAll(head, notes), ...statements])
    } catch (error) {
      const isFaster = isConflict(error) && (await headOf(store)).seq !== head.seq
      if (!isFaster || tries === mostTries) throw error
    }
  }
}

async function headOf(store: Store): Promise<Head> {
  const [head] = await store.read<Head>('select seq, hash from audit_head where id = 1')
  return head ?? { seq: 0, hash: '' }
}

function addingAll(head: Head, notes: readonly AuditNote[]): readonly Statement[] {
  const statements: Statement[] = []
  let last = head
  for (const note of notes) {
    const added = adding(last, note)
    statements.push(...added.statements)
    last = added.head
  }
  return statements
}

type Added = { readonly head: Head; readonly statements: readonly Statement[] }

function adding(head: Head, { by, ...note }: AuditNote): Added {
  const seq = head.seq + 1
  // The hash is of what will be read again.
  const values = storable([
    ...[seq, Math.round(note.atMs), note.action, note.plan ?? null, note.environment ?? null],
    ...[note.runId ?? null, note.task ?? null, by.user, by.sudoUser, by.host, by.ci, by.actor],
    ...[by.terminal ? 1 : 0, by.release, by.command],
    note.detail == null ? null : boundedText(note.detail, longestDetail),
  ])
  const hash = hashOf(head.hash, values)
  const statements = [
    {
      sql: 'update audit_head set seq = ?1, hash = ?2 where id = 1 and seq = ?3',
      parameters: [seq, hash, head.seq],
      expectRows: 1,
    },
    {
      sql: `insert into audit (${columns}, hash)
        values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`,
      parameters: [...values, hash],
    },
  ]
  return { head: { seq, hash }, statements }
}

/** JSON keeps texts apart from each other and from null, whatever is in them. */
const hashOf = (before: string, values: readonly Value[]): string =>
  createHash('sha256')
    .update(JSON.stringify([before, ...values]))
    .digest('hex')

/** Newest first. */
export async function readAudit(store: Store, filter: AuditFilter): Promise<readonly AuditEntry[]> {
  const wanted: readonly (readonly [condition: string, value: Value | undefined])[] = [
    ['seq <', filter.before],
    ['plan =', filter.plan],
    ['run_id =', filter.runId],
    ['user_name =', filter.user],
    ['action =', filter.action],
  ]
  const given = wanted.filter((one): one is [string, Value] => one[1] !== undefined)
  const where = given.map(([condition], index) => `${condition} ?${index + 2}`).join(' and ')
  const rows = await store.read<Row>(
    `select ${columns}, hash from audit ${where && `where ${where}`} order by seq desc limit ?1`,
    [Math.min(filter.limit, mostEntries), ...given.map(([, value]) => value)],
  )
  return rows.map(entryOf)
}

function entryOf(row: Row): AuditEntry {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    action: row.action,
    plan: row.plan,
    environment: row.environment,
    runId: row.run_id,
    task: row.task,
    by: {
      user: row.user_name,
      sudoUser: row.sudo_user,
      host: row.host,
      ci: row.ci,
      actor: row.actor,
      terminal: row.terminal === 1,
      release: row.release,
      command: row.command,
    },
    detail: row.detail,
    hash: row.hash,
  }
}

/** Reads all of it, in bounded memory. */
export async function checkAudit(store: Store): Promise<AuditCheck> {
  const head = await headOf(store)
  let last: Head = { seq: 0, hash: '' }
  const rows = store.stream<Row>(`select ${columns}, hash from audit where seq > ?1 order by seq`, [0])
  for await (const row of rows) {
    const { hash, ...rest } = row
    // Added while we read.
    if (last.seq >= head.seq && row.seq > head.seq) break
    const isNext = row.seq === last.seq + 1
    if (!isNext || hash !== hashOf(last.hash, Object.values(rest))) {
      return { entries: last.seq, brokenAt: isNext ? row.seq : last.seq + 1 }
    }
    last = { seq: row.seq, hash }
  }
  const isWhole = last.seq === head.seq && last.hash === head.hash
  return { entries: last.seq, brokenAt: isWhole ? null : last.seq + 1 }
}
