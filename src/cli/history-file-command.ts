import { existsSync } from 'node:fs'
import { systemClock } from '../clock.ts'
import { PlimsollError } from '../errors.ts'
import {
  crediblePeaks,
  formatHistory,
  mergePeaks,
  newPeaks,
  readHistory,
  writeHistory,
} from '../history/history.ts'
import { actorHere, openJournal, type TaskPeak } from '../journal/journal.ts'
import { openStore } from '../store/store.ts'
import { typedCommand } from './typed.ts'
import { placeOf, withJournal } from './with-journal.ts'
import type { Call, RunCommand } from './words.ts'

export const historyCommand: RunCommand = async (call) => {
  const [direction, file] = call.positionals
  if (direction === 'export') return exportTo(call, file)
  if (direction === 'import' && file !== undefined) return importFrom(call, file)
  const found = direction === 'import' ? 'no file' : JSON.stringify(direction ?? 'nothing')
  throw new PlimsollError(
    'USAGE',
    `"plimsoll history" was given ${found}, expected "export [FILE]" or "import FILE"`,
  )
}

const exportTo = (call: Call, file: string | undefined): Promise<number> =>
  withJournal(call, async (journal) => {
    const peaks = mergePeaks([await journal.peaks()])
    if (file === undefined) process.stdout.write(formatHistory(peaks))
    else say(call, file, { records: await writeHistory(file, peaks), added: null })
    return 0
  })

async function importFrom(call: Call, file: string): Promise<number> {
  if (!existsSync(file)) {
    throw new PlimsollError('HISTORY_INVALID', `${file}: there is no such file`, { fix: 'Check the path' })
  }
  const read = await readHistory(file)
  await using store = await openStore(placeOf(call))
  const journal = openJournal(store)
  const added: readonly TaskPeak[] = newPeaks(await journal.peaks(), crediblePeaks(read, systemClock.now()))
  await journal.addPeaks(added)
  const by = actorHere(process.env, typedCommand(process.argv.slice(2)))
  const detail = `${added.length} of ${read.length} records were new`
  await journal.note({ atMs: systemClock.now(), action: 'history-import', by, detail })
  say(call, file, { records: read.length, added: added.length })
  return 0
}

type Counts = { readonly records: number; readonly added: number | null }

function say(call: Call, file: string, { records, added }: Counts): void {
  const text = `${file}: ${records} ${records === 1 ? 'record' : 'records'}${added === null ? '' : `, ${added} of them new here`}`
  const facts = { type: 'history', file, records, ...(added !== null && { added }) }
  process.stdout.write(`${call.flag('json') ? JSON.stringify(facts) : text}\n`)
}
