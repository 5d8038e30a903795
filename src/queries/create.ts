/** From what a caller passes in to a query that is stored. */
import { randomUUID } from 'node:crypto'
import { PlimsollError } from '../errors.ts'
import type { QueryCache } from './cache.ts'
import { type CheckedQuery, checkQuery } from './limits.ts'
import { inserting, isConflict, type Marks, readQuery, readSame } from './rows.ts'
import { indexing } from './search.ts'
import { digestOf, removingText, storeText, type TextParts, takeText } from './texts.ts'
import type { Attachment, NewAttachment, NewQuery, Query } from './words.ts'

export type CreateParts = { readonly texts: TextParts; readonly cache: QueryCache }

/** How often somebody else may end the same query while we look at it. */
const mostTries = 10

/** Grows with time, so that ids of the same day stand beside each other. */
const newQueryId = (nowMs: number): string =>
  `q${nowMs.toString(36).padStart(9, '0')}${randomUUID().replaceAll('-', '').slice(0, 12)}`

type Drafted = { readonly query: Query; readonly marks: Marks; readonly textIds: readonly string[] }

export async function createIn({ texts, cache }: CreateParts, given: NewQuery): Promise<Query> {
  const drafted = await draft(texts, checkQuery(given, texts.now()))
  const created = await storeOnce(texts, drafted)
  if (created.id !== drafted.query.id)
    for (const textId of drafted.textIds) await texts.store.write(removingText(textId))
  cache.keep(created)
  return created
}

/** Masked, and long texts stored. */
async function draft(texts: TextParts, checked: CheckedQuery): Promise<Drafted> {
  const nowMs = texts.now()
  const id = newQueryId(nowMs)
  const textIds: string[] = []
  const digests: string[] = []
  try {
    const { text, stored, digest } = await takeText(texts, checked.text, {
      queryId: id,
      name: 'text of the query',
    })
    digests.push(digest)
    const attachments: Attachment[] = stored === null ? [] : [stored]
    if (stored !== null) textIds.push(stored.textId)
    for (const attachment of checked.attachments) {
      const kept = await keep(texts, attachment, id)
      if (attachment.kind === 'text' && kept.stored.kind === 'stored-text') textIds.push(kept.stored.textId)
      digests.push(kept.digest)
      attachments.push(kept.stored)
    }
    if (text.trim() === '' && attachments.length === 0)
      throw new PlimsollError(
        'QUERY_INVALID',
        'the query is not sound: it has neither a text nor an attachment',
      )
    const { type, priority, title, tags, context, constraints, deadlineMs, idempotencyKey } = checked
    const asked = await texts.redactor.kept({ title, tags, context, constraints })
    const due = deadlineMs === undefined ? {} : { deadlineMs }
    const query: Query = {
      ...{ id, type, priority, ...asked, text, ...due, attachments },
      ...{ createdAtMs: nowMs, status: 'waiting', endedAtMs: null, error: null },
    }
    const key = idempotencyKey ?? null
    // With a key, the key alone says what is the same: the same question with another one is another query.
    const sameAs = digestOf(JSON.stringify([type, priority, asked, deadlineMs ?? null, digests, key]))
    return { query, textIds, marks: { digest: sameAs, key } }
  } catch (error) {
    // As in texts.ts: what is left all the same is removed by the next pruning.
    for (const textId of textIds) await texts.store.write(removingText(textId)).catch(() => undefined)
    throw error
  }
}

async function keep(
  texts: TextParts,
  attachment: NewAttachment,
  queryId: string,
): Promise<{ readonly stored: Attachment; readonly digest: string }> {
  if (attachment.kind !== 'text') {
    const stored = await texts.redactor.kept(attachment)
    return { stored, digest: JSON.stringify(stored) }
  }
  return storeText(texts, attachment.content, { queryId, name: attachment.name })
}

/** The query that is stored: this one, or the same that was there before. */
async function storeOnce({ store }: TextParts, { query, marks }: Drafted): Promise<Query> {
  const { title, text, tags, context } = query
  const words = indexing(store.kind, query.id, [title, text, ...tags, ...Object.values(context)])
  for (let tries = 1; ; tries += 1) {
    try {
      await store.write([...inserting(query, marks), words])
      return query
    } catch (error) {
      if (!isConflict(error)) throw error
      const same = await readSame(store, marks)
      const before = same === null ? null : await readQuery(store, same.id)
      if (same !== null && same.digest !== marks.digest) throw keyReused(marks.key, same.id)
      if (before !== null) return before
      if (tries === mostTries) throw error
    }
  }
}

const keyReused = (key: string | null, id: string): PlimsollError =>
  new PlimsollError(
    'QUERY_KEY_REUSED',
    `the idempotency key ${JSON.stringify(key)} belongs to the query ${id}, which asks something else`,
  )
