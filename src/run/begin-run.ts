/** A run from its record to its first word: a new one, or one that another engine has left. */
import { hostname } from 'node:os'
import type { RunOptions, RunRecord } from '../journal/journal.ts'
import { identify, pidNamespace } from '../memory/memory.ts'
import type { Plan, TaskAnswer } from '../spine.ts'
import { noteOf, notesOfAnswers } from './audit-note.ts'
import { planDifferences } from './plan-differences.ts'
import { readRemains } from './remains.ts'
import { removeLeftFiles } from './state-dir.ts'
import type { RunParts } from './words.ts'

export type BeginParts = Omit<RunParts, 'plan' | 'engine' | 'here' | 'remains' | 'failFast' | 'undoes'> & {
  readonly options: RunOptions
  readonly answers: Readonly<Record<string, TaskAnswer>>
  /** What runs of it is stopped, and nothing else is done. */
  readonly givesUp?: boolean
  /** Why what it did is undone, when that is what it goes on with. */
  readonly rollsBack?: string | undefined
}

/**
 * Durable when it resolves. An engine that goes on with a run has looked at all that is left of it by then.
 * @throws DECISION_NEEDED before anything is changed; RUN_ACTIVE when another engine was faster.
 */
export async function beginRun(plan: Plan, earlier: RunRecord | null, parts: BeginParts): Promise<RunParts> {
  const { options, answers, givesUp = false, rollsBack, ...rest } = parts
  const { journal, clock, random, stateDir, recordOptions, runId } = parts
  const { by } = parts.approval
  const host = hostname()
  // Each engine of a run has another one.
  const engine = identify(process.pid, `${runId}/${Math.floor(random() * 2 ** 32).toString(36)}`)
  const here = { host, bootId: engine.bootId }
  const self = { engine, pidNamespace: pidNamespace(), host }
  const common = { ...rest, plan, engine, here, failFast: options.failFast, undoes: options.undo }
  if (earlier === null) {
    const audit = [noteOf(plan, { action: 'deploy', runId, atMs: clock.now(), by })]
    await journal.openRun({ runId, plan, startedAtMs: clock.now(), ...self, options, audit })
    return common
  }
  const look = { plan, stateDir, recordOptions, here, nowMs: clock.now(), answers, givesUp, rollsBack }
  const remains = await readRemains(journal, earlier, look)
  const isUndo = remains.undoBecause !== null
  const taken = { runId, plan, ...self, options, previousToken: earlier.engine.token }
  const action = rollsBack === undefined ? 'resume' : 'rollback'
  const doing = { runId, atMs: clock.now(), by }
  const audit = [noteOf(plan, { ...doing, action }), ...notesOfAnswers(plan, answers, doing)]
  const asksAgain = planDifferences(earlier.definition, plan).words.length > 0
  await journal.resumeRun({ ...taken, forget: remains.forget, isUndo, asksAgain, audit })
  removeLeftFiles(stateDir, runId, remains.openFileNumbers)
  return { ...common, remains }
}
