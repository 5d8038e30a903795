/** Records of tasks, any and given. */
import fc from 'fast-check'
import type { TaskPeak } from '../../src/journal/journal.ts'
import { ProfileRecorder } from '../../src/memory/memory.ts'

const recorded = (durationMs: number, peakBytes: number, uses: readonly number[]): TaskPeak['profile'] => {
  const recorder = new ProfileRecorder()
  for (const [index, bytes] of uses.entries())
    recorder.observe((index * durationMs) / uses.length, Math.min(peakBytes, bytes))
  recorder.observe(durationMs, peakBytes)
  const profile = recorder.profile(durationMs, peakBytes)
  if (profile === null) throw new Error('nothing was recorded')
  return profile
}

type Changes = Partial<TaskPeak> & { readonly peakBytes?: number; readonly uses?: readonly number[] }

export const peakOf = (changes: Changes = {}): TaskPeak => {
  const { peakBytes = 100 * 2 ** 20, uses = [], ...rest } = changes
  return {
    plan: 'shop',
    task: 'build',
    key: '00000000000000aa',
    group: 'run npm',
    atMs: 1_000,
    profile: recorded(2_000, peakBytes, uses),
    ...rest,
  }
}

/** No store keeps a NUL. */
const name = fc
  .string({ minLength: 1, maxLength: 200, unit: 'binary' })
  .filter((text) => !text.includes('\0'))

/** Few keys and moments, so that records meet. */
export const anyPeak: fc.Arbitrary<TaskPeak> = fc
  .record({
    plan: fc.oneof(fc.constant('shop'), name),
    task: name,
    key: fc.constantFrom('00000000000000aa', '00000000000000bb', '00000000000000cc'),
    group: name,
    atMs: fc.oneof(fc.nat(20), fc.nat(253_402_300_799_999)),
    durationMs: fc.integer({ min: 1, max: 86_400_000 }),
    peakBytes: fc.integer({ min: 1, max: 2 ** 50 }),
    uses: fc.array(fc.nat(2 ** 40), { maxLength: 5 }),
  })
  .map(({ durationMs, peakBytes, uses, ...rest }) => ({
    ...rest,
    profile: recorded(durationMs, peakBytes, uses),
  }))
export const anyPeaks = fc.array(anyPeak, { maxLength: 40 })
