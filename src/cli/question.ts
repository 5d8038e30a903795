import { createInterface } from 'node:readline/promises'
import { PlimsollError } from '../errors.ts'
import { plainText } from '../report/report.ts'
import type { Call } from './words.ts'

export type ChangeAnswer = 'go on' | 'recorded' | 'fresh'

const meaning: Readonly<Record<ChangeAnswer, string>> = {
  'go on': 'go on with the plan as it is now',
  recorded: 'go on with the plan as it was recorded',
  fresh: 'give that run up and begin anew',
}

/** What is to be done about a plan that has changed; null where nobody is there to be asked, or does not want it. */
export async function askAboutChange<Answer extends ChangeAnswer>(
  error: unknown,
  call: Call,
  answers: readonly Answer[],
): Promise<Answer | null> {
  const isAsked = error instanceof PlimsollError && error.code === 'RUN_CHANGED'
  if (!isAsked || call.flag('json') || !process.stdin.isTTY || !process.stderr.isTTY) return null
  const lines = answers.map((answer, index) => `  ${index + 1}  ${meaning[answer]}\n`).join('')
  process.stderr.write(`${plainText(error.message)}\n${lines}  (anything else: stop here)\n`)
  using terminal = createInterface({ input: process.stdin, output: process.stderr })
  const chosen = await terminal.question('Which? ').catch(() => '')
  return answers[Number(chosen.trim()) - 1] ?? null
}
