import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import { actorHere, heldText, inspectLock, type LockSight, openJournal } from '../journal/journal.ts'
import { plainLine } from '../report/report.ts'
import { openStore } from '../store/store.ts'
import { confirm } from './confirm.ts'
import { planNameIn } from './plan-names.ts'
import { typedCommand } from './typed.ts'
import { placeOf, withJournal } from './with-journal.ts'
import type { RunCommand } from './words.ts'

/** What is known of the owner, for whoever has to decide. */
const states: Readonly<Record<Exclude<LockSight['state'], 'free'>, string>> = {
  gone: 'its process has ended: the next deployment takes the lock without this',
  silent: 'it gave no sign of life while we looked: the next deployment takes the lock within 15 s',
  alive: 'it is alive',
}

/** Takes the lock away from whoever has it. Where nothing is recorded nothing is made. */
export const unlockCommand: RunCommand = async (call) => {
  const [file = 'plimsoll.yaml'] = call.positionals
  const name = { plan: await planNameIn(file), environment: call.text('env') ?? null }
  await withJournal(call, async () => undefined)
  await using store = await openStore(placeOf(call))
  const signal = new AbortController().signal
  const sight = await inspectLock(store, name, { clock: systemClock, signal })
  const { state, holder, fence } = sight
  if (holder === null || state === 'free') {
    print(call.flag('json'), { ...name, unlocked: false }, `nobody holds the lock of ${subjectOf(name)}`)
    return 0
  }
  const held = heldText(name, holder, systemClock)
  if (state === 'alive' && !call.flag('force')) {
    throw new PlimsollError('LOCK_HELD', `${held}; it is alive`, {
      fix: 'Stop that run first (Ctrl-C, or SIGTERM to its process); with --force the lock is taken away from it all the same',
    })
  }
  await confirm(call, `${held}; ${states[state]}. Take the lock away?`)
  const by = actorHere(process.env, typedCommand(process.argv.slice(2)))
  const detail = `taken from process ${holder.engine.pid} on ${holder.host}; ${states[state]}`
  const note = {
    atMs: systemClock.now(),
    action: 'unlock',
    ...name,
    runId: holder.runId,
    by,
    detail,
  } as const
  await openJournal(store).breakLock(name, fence, note)
  print(
    call.flag('json'),
    { ...name, unlocked: true, holder, state },
    `the lock of ${subjectOf(name)} is free`,
  )
  return 0
}

type Name = { readonly plan: string; readonly environment: string | null }

const subjectOf = ({ plan, environment }: Name): string =>
  JSON.stringify(plan) + (environment === null ? '' : ` to ${environment}`)

function print(json: boolean, facts: object, text: string): void {
  process.stdout.write(`${json ? JSON.stringify({ type: 'unlock', ...facts }) : plainLine(text)}\n`)
}
