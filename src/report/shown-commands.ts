/** Commands that a person is to type here and now, with the names that they need. */
import { resolve } from 'node:path'

/** For commands about what is recorded there. Without it they look into this directory. */
export const stateOption = (stateDir: string): string =>
  resolve('.plimsoll') === stateDir ? '' : ` --state ${shellWord(stateDir)}`

export type ShownRun = { readonly runId: string; readonly task?: string; readonly stateDir?: string }

/** What an error says for every run, said for this one: `plimsoll logs RUN TASK`. */
export function fixFor(fix: string, { runId, task, stateDir }: ShownRun): string {
  const state = stateDir === undefined ? '' : stateOption(stateDir)
  return fix.replaceAll(
    /"(plimsoll (?:show|logs|approve|resume)) RUN( TASK)?"/g,
    (asWritten, command: string, forTask?: string) => {
      if (forTask === undefined) return `"${command} ${runId}${state}"`
      return task === undefined ? asWritten : `"${command} ${runId} ${shellWord(task)}${state}"`
    },
  )
}

/** As a POSIX shell reads it as one word. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
