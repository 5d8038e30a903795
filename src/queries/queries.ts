/**
 * Questions to the experts. `QueryHandler` promises: what was created is in the store and stays there until it is pruned;
 * in memory are at most `maxCachedQueries` of them, for `queryTtlHours`; texts of any length are masked, stored in pieces
 * and streamed; a query is submitted once, whatever number of processes try, the most urgent first and never after
 * its deadline. It knows no experts: it is given the function that consults them.
 */
export { QueryHandler, type QueryHandlerOptions } from './handler.ts'
export type { Limits as QueryLimits } from './limits.ts'
export type { MemoryReport } from './memory-report.ts'
export type { ActivePage, CursorOptions, CursorPage, QueryFilter } from './pages.ts'
export type { BatchEntry, SubmitOptions } from './submissions.ts'
export type { Architecture, CodeReview, Diagnosed } from './templates.ts'
export {
  type Answer,
  type AnswerEvidence,
  type AnsweredQuery,
  type AnswerStatus,
  type Attachment,
  type Consult,
  type ConsultCall,
  type NewAttachment,
  type NewQuery,
  type Query,
  type QueryPriority,
  type QueryStatus,
  type QuerySummary,
  type QueryType,
  queryStatuses,
  queryTypes,
  type StoredText,
  type TextSource,
} from './words.ts'
