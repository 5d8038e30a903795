/**
 * Full text search, the same on both databases: what is a word is decided here, so that neither splits a path or a
 * version in its own way, and what people look for is only ever words. SQLite looks in an FTS5 table, PostgreSQL in a
 * tsvector.
 */
import type { DatabaseKind, Statement } from '../store/store.ts'

/** Of a word, in characters; the rest of a longer one is not looked at. */
const longestWord = 64
/** Of a search. */
const mostWords = 20

/** Lower case, without accents, letters and digits alone. */
function wordsOf(text: string): readonly string[] {
  const plain = (isAscii(text) ? text : text.normalize('NFKD').replaceAll(/\p{M}+/gu, '')).toLowerCase()
  const words = new Set<string>()
  for (const [word] of plain.matchAll(/[\p{L}\p{N}]+/gu)) words.add(word.slice(0, longestWord).toWellFormed())
  return [...words]
}

/** Most texts are, and have nothing to normalize. */
const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text)

export function indexing(kind: DatabaseKind, id: string, texts: readonly string[]): Statement {
  const words = wordsOf(texts.join(' ')).join(' ')
  return kind === 'SQLite'
    ? {
        sql: 'insert into query_words (rowid, words) select number, ?2 from queries where id = ?1',
        parameters: [id, words],
      }
    : {
        sql: `insert into query_words (number, words)
          select number, array_to_tsvector(string_to_array(cast(?2 as text), ' ')) from queries where id = ?1`,
        parameters: [id, words],
      }
}

export function unindexing(kind: DatabaseKind, id: string): Statement {
  const key = kind === 'SQLite' ? 'rowid' : 'number'
  return {
    sql: `delete from query_words where ${key} = (select number from queries where id = ?1)`,
    parameters: [id],
  }
}

/** Finds the rows of `columns` that have all words, the last one also as the beginning of a word; newest first. */
export function searching(kind: DatabaseKind, columns: string): string {
  return kind === 'SQLite'
    ? `select ${columns} from query_words w join queries q on q.number = w.rowid
        where query_words match ?1 and w.rowid < ?2 order by w.rowid desc limit ?3`
    : `select ${columns} from query_words w join queries q on q.number = w.number
        where w.words @@ cast(?1 as tsquery) and w.number < ?2 order by w.number desc limit ?3`
}

/** Null when there is no word in it. Words have letters and digits alone, so nothing in them means anything here. */
export function searchedWords(kind: DatabaseKind, text: string): string | null {
  const words = wordsOf(text).slice(0, mostWords)
  if (words.length === 0) return null
  return kind === 'SQLite'
    ? `${words.map((word) => `"${word}"`).join(' ')}*`
    : `${words.map((word) => `'${word}'`).join(' & ')}:*`
}
