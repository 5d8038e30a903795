import type { ReadStream } from 'node:tty'
import type { ApprovalQuestion, AskPerson, PersonsAnswer } from '../deploy.ts'

type Keyboard = Pick<ReadStream, 'setRawMode' | 'on' | 'off' | 'resume' | 'pause'>

export type Asker = {
  readonly keyboard: Keyboard
  /** Says a line to who sits there. */
  readonly say: (line: string, runId: string) => void
  /** What Ctrl-C does, which the keyboard does not do by itself meanwhile. */
  readonly interrupt: () => void
}

/** Asks by single keys, one question after the other, so that a live picture can go on meanwhile. */
export function askByKeys({ keyboard, say, interrupt }: Asker): AskPerson {
  let last: Promise<unknown> = Promise.resolve()
  return (question, signal) => {
    const { runId } = question
    const what = whatMay(question)
    const mine = last.then(() => {
      if (signal.aborted) return null
      say(`asks whether ${what}: press y or n`, runId)
      return answerOf(keyboard, interrupt, signal)
    })
    last = mine
    return mine
  }
}

function whatMay({ about, runId, task, environment }: ApprovalQuestion): string {
  if (about === 'rollback') return `run ${runId} may be undone in ${environment}`
  return task === null ? `it may go to ${environment}` : `${JSON.stringify(task)} may start`
}

function answerOf(
  keyboard: Keyboard,
  interrupt: () => void,
  signal: AbortSignal,
): Promise<PersonsAnswer | null> {
  return new Promise((resolve) => {
    const end = (answer: PersonsAnswer | null): void => {
      signal.removeEventListener('abort', leave)
      keyboard.off('data', hear)
      keyboard.setRawMode(false)
      keyboard.pause()
      resolve(answer)
    }
    const leave = (): void => end(null)
    const hear = (typed: Buffer): void => {
      for (const key of typed.toString('latin1').toLowerCase()) {
        if (key === '\u0003') interrupt()
        if (key === 'y' || key === 'n') {
          end({ approved: key === 'y' })
          return
        }
      }
    }
    signal.addEventListener('abort', leave)
    keyboard.setRawMode(true)
    keyboard.on('data', hear)
    keyboard.resume()
  })
}
