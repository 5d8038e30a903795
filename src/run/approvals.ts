/** Asks for a person's consent and waits for it, in the terminal and in the store at once; the first answer counts. */
import type { Clock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import type { Decision } from '../executor/executor.ts'
import {
  type Actor,
  type ApprovalAbout,
  type AskedApproval,
  actorText,
  type Journal,
} from '../journal/journal.ts'
import { shellWord } from '../report/report.ts'
import type { TaskEvent } from '../runners/runners.ts'
import type { Approval, Plan, Task } from '../spine.ts'

/** How often the store is asked whether somebody has answered, in milliseconds. */
const lookMs = 500

export type ApprovalQuestion = {
  readonly runId: string
  readonly plan: string
  readonly environment: string | null
  readonly about: ApprovalAbout
  /** Null: may the run begin, or be undone? */
  readonly task: string | null
}

export type PersonsAnswer = { readonly approved: boolean; readonly reason?: string }

/** Asks a person who is there; null when that one does not want to say. The signal aborts when it was answered elsewhere. */
export type AskPerson = (question: ApprovalQuestion, signal: AbortSignal) => Promise<PersonsAnswer | null>

export type ApprovalWish = {
  /** Everything is approved. */
  readonly yes: boolean
  readonly ask: AskPerson | undefined
  /** How long to wait when nobody is there to be asked and nothing else is left to do, in milliseconds. */
  readonly waitMs: number
  readonly by: Actor
}

type Parts = {
  /** Default `deploy`. */
  readonly about?: ApprovalAbout
  readonly wish: ApprovalWish
  readonly plan: Plan
  readonly runId: string
  readonly journal: Journal
  /** Of commands that people are shown. */
  readonly recordOptions: string
  readonly clock: Clock
  readonly emit: (event: TaskEvent) => Promise<void>
  /** Aborts when the run is stopped. */
  readonly signal: () => AbortSignal
  readonly hasEnded: (task: string) => boolean
}

export class Approvals {
  readonly #parts: Parts
  readonly #stop = new AbortController()
  /** What was done will be undone: consent to do more has no use. */
  readonly #withdrawn = new AbortController()
  /** Names of tasks that wait; bounded by the plan. */
  readonly #waiting = new Set<string>()
  readonly #given: Approval[] = []

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Aborts when the run must end for want of consent. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get given(): readonly Approval[] {
    return this.#given
  }

  /** Why not everything was done: APPROVAL_NEEDED or APPROVAL_DENIED. */
  get error(): unknown {
    if (this.signal.aborted) return this.signal.reason
    const denial = this.#given.find(({ answer }) => answer === 'denied')
    return denial && new PlimsollError('APPROVAL_DENIED', denialText(denial))
  }

  /** Whether the run may begin, or be undone. Resolves also when it may not: then `signal` has aborted, or the run's. @returns what it waited, in milliseconds. */
  async ofRun(): Promise<number> {
    const startMs = this.#parts.clock.monotonic()
    const wait: TaskEvent = { type: 'run-waiting', reason: 'approval', message: this.#waitText(null) }
    try {
      const approval = await this.#ask(null, wait, () => true)
      if (approval.answer === 'denied')
        this.#stop.abort(new PlimsollError('APPROVAL_DENIED', denialText(approval)))
    } catch (error) {
      if (!this.signal.aborted && !this.#parts.signal().aborted) throw error
    }
    return this.#parts.clock.monotonic() - startMs
  }

  /** Nobody is asked about further tasks, and those that wait are cancelled. */
  withdraw(): void {
    this.#withdrawn.abort()
  }

  /** For a task that could run now. Rejects when the run is stopped meanwhile. */
  async ofTask(task: Task): Promise<Decision> {
    try {
      this.#withdrawn.signal.throwIfAborted()
      return await this.#askedAbout(task)
    } catch (error) {
      if (!this.#withdrawn.signal.aborted || this.#parts.signal().aborted) throw error
      await this.#parts.journal.withdrawApproval(this.#parts.runId, task.name)
      return { action: 'cancel', because: 'a task failed, and what was done is undone' }
    }
  }

  async #askedAbout(task: Task): Promise<Decision> {
    const { clock } = this.#parts
    const startMs = clock.monotonic()
    const message = this.#waitText(task.name)
    const wait: TaskEvent = {
      type: 'task-waiting',
      phase: 'deploy',
      task: task.name,
      reason: 'approval',
      message,
    }
    const approval = await this.#ask(task.name, wait, () => this.#nothingElseLeft())
    if (approval.answer === 'denied') return { action: 'cancel', because: denialText(approval) }
    return { action: 'run', waits: { approval: Math.round(clock.monotonic() - startMs) } }
  }

  async #ask(task: string | null, wait: TaskEvent, isLast: () => boolean): Promise<Approval> {
    const { about, journal, runId, clock, emit, signal, wish } = this.#parts
    const known = await this.#answerOf(task)
    if (known) return this.#keep(known)
    await journal.askApproval(runId, task, clock.now(), about)
    if (wish.yes) {
      await this.#answer(task, { approved: true, reason: '--yes' })
    } else {
      await emit(wait)
    }
    const answered = new AbortController()
    const until = AbortSignal.any([signal(), answered.signal, this.#withdrawn.signal])
    if (task !== null) this.#waiting.add(task)
    try {
      return this.#keep(await Promise.race([this.#look(task, until, isLast), this.#askPerson(task, until)]))
    } finally {
      answered.abort()
      if (task !== null) this.#waiting.delete(task)
    }
  }

  /** Until the store has an answer, or it is time to stop. */
  async #look(task: string | null, until: AbortSignal, isLast: () => boolean): Promise<Approval> {
    const { clock, wish } = this.#parts
    const startMs = clock.monotonic()
    for (;;) {
      const answer = await this.#answerOf(task)
      if (answer) return answer
      until.throwIfAborted()
      if (wish.ask === undefined && clock.monotonic() - startMs >= wish.waitMs && isLast())
        this.#stop.abort(this.#needed())
      await clock.sleep(lookMs, until)
    }
  }

  async #askPerson(task: string | null, until: AbortSignal): Promise<Approval> {
    const { about = 'deploy', plan, runId, wish } = this.#parts
    const question = { runId, plan: plan.name, environment: plan.environment, about, task }
    const answer = await wish.ask?.(question, until)
    // Somebody else may have been faster: what the store says counts.
    if (answer) await this.#answer(task, answer).catch(() => undefined)
    return await new Promise<never>(() => undefined)
  }

  #answer(task: string | null, { approved, reason }: PersonsAnswer): Promise<void> {
    const { about = 'deploy', journal, runId, plan, clock, wish } = this.#parts
    const atMs = clock.now()
    const answer = approved ? 'approved' : 'denied'
    const action = approved ? ('approve' as const) : ('deny' as const)
    const subject = { atMs, plan: plan.name, environment: plan.environment, runId, task }
    const detail = approvalDetail(about, reason ?? null)
    const note = { ...subject, action, by: wish.by, detail }
    const by = actorText(wish.by)
    return journal.answerApproval({ runId, about, task, answer, by, atMs, reason: reason ?? null, note })
  }

  async #answerOf(task: string | null): Promise<Approval | null> {
    const { about = 'deploy', journal, runId } = this.#parts
    const asked: readonly AskedApproval[] = await journal.approvals(runId)
    return asked.find((one) => one.about === about && one.task === task)?.answer ?? null
  }

  #keep(approval: Approval): Approval {
    this.#given.push(approval)
    return approval
  }

  /** Whatever has not ended waits for an approval, or needs something that does. */
  #nothingElseLeft(): boolean {
    const left = this.#parts.plan.tasks.filter(({ name }) => !this.#parts.hasEnded(name))
    const names = new Set(left.map(({ name }) => name))
    return left.every(({ name, needs }) => this.#waiting.has(name) || needs.some((need) => names.has(need)))
  }

  #needed(): PlimsollError {
    const { about, runId, recordOptions } = this.#parts
    const isRollback = about === 'rollback'
    const what = [...this.#waiting].map((task) => JSON.stringify(task)).join(', ') || 'the run'
    const text = isRollback
      ? `to undo run ${runId} asks for a person's consent`
      : `${what} of run ${runId} asks for a person's consent`
    const run = `${runId}${recordOptions}`
    const next = `plimsoll approve ${run}, then plimsoll ${isRollback ? 'rollback' : 'resume'} ${run}`
    return new PlimsollError('APPROVAL_NEEDED', text, {
      fix: `${next}; or run it with --yes, or with --wait-for-approval DURATION`,
    })
  }

  #waitText(task: string | null): string {
    const { about, runId, recordOptions, plan, wish } = this.#parts
    const named = task === null ? '' : ` ${shellWord(task)}`
    const command = `plimsoll approve ${runId}${named}${recordOptions}`
    const toWhere = plan.environment === null ? '' : ` to go to ${plan.environment}`
    const where = about === 'rollback' ? ` to undo run ${runId}` : task === null ? toWhere : ''
    return `waits for approval${where}: ${wish.ask ? 'answer here, or ' : ''}${command}`
  }
}

/** What the audit says beside who and when. */
export const approvalDetail = (about: ApprovalAbout, reason: string | null): string | null =>
  about === 'deploy' ? reason : `of the rollback${reason === null ? '' : `: ${reason}`}`

const denialText = ({ by, reason }: Approval): string =>
  `${by} denied it${reason === null ? '' : `: ${reason}`}`
