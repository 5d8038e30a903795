import { PlimsollError } from '../errors.ts'
import type { TaskAnswer } from '../spine.ts'

const answers: readonly string[] = ['done', 'again', 'failed', 'adopt'] satisfies readonly TaskAnswer[]

/** `--task NAME=ANSWER`; a name may contain `=`. @throws USAGE */
export function answersOf(texts: readonly string[]): Readonly<Record<string, TaskAnswer>> {
  const found = Object.create(null) as Record<string, TaskAnswer>
  for (const text of texts) {
    const at = text.lastIndexOf('=')
    const answer = text.slice(at + 1)
    if (at < 1 || !answers.includes(answer)) {
      throw new PlimsollError(
        'USAGE',
        `--task is ${JSON.stringify(text)}, expected TASK=ANSWER with one of ${answers.join(', ')}`,
      )
    }
    found[text.slice(0, at)] = answer as TaskAnswer
  }
  return found
}
