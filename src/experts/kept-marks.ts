/** Of each kind of mark: how many are kept of a log, and how much of their lines. */
import type { Mark } from './words.ts'

/** Twice as many, the first and the last. */
export const mostMarks = {
  end: 512,
  verdict: 1,
  placed: 200,
  pod: 200,
  failure: 512,
  trouble: 200,
  success: 1,
  passed: 1,
  recovered: 1,
  ignored: 200,
  retry: 200,
  cleanup: 200,
  migrating: 200,
  step: 200,
} as const satisfies Record<Mark['kind'], number>

/** Of these the text is cited, or read from end to end; */
export const withText: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>([
  'end',
  'verdict',
  'placed',
  'pod',
  'trouble',
])
/** of these so many bytes are enough: the time, who wrote it, a level. Of the others only the line is asked for. */
export const withHead: ReadonlySet<Mark['kind']> = new Set<Mark['kind']>(['failure', 'ignored', 'retry'])
export const headBytes = 1_024

export const eachKind = <Value>(of: (kind: Mark['kind']) => Value): Record<Mark['kind'], Value> => ({
  end: of('end'),
  verdict: of('verdict'),
  placed: of('placed'),
  pod: of('pod'),
  failure: of('failure'),
  trouble: of('trouble'),
  success: of('success'),
  passed: of('passed'),
  recovered: of('recovered'),
  ignored: of('ignored'),
  retry: of('retry'),
  cleanup: of('cleanup'),
  migrating: of('migrating'),
  step: of('step'),
})
