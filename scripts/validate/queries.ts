import { rowsOf } from './row.ts'

export const queryRows = rowsOf('QueryHandler', [
  ['entries expire after queryTtlHours', null],
  ['the least recently used leaves first', null],
  ['never more than maxCachedQueries in memory, none lost', null],
  ['pages by number and by cursor', null],
  ['streams while others write', null],
  ['bytes held per query', null],
  ['clean-up of expired entries without a pause', null],
  ['memory report', null],
  ['forced clean-up', null],
  ['limits per environment', null],
])
