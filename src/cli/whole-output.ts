/** Outputs of any length, in pieces: to standard output, or to a file. */
import { mkdtemp, open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { messageOf, PlimsollError } from '../errors.ts'
import { isClosed, writeSteadily } from '../report/report.ts'

export async function printPieces(pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (isClosed(process.stdout)) return
    await writeSteadily(process.stdout, piece)
  }
}

/** The whole file or none: it takes its name when it is complete. @throws EXPORT_UNWRITABLE */
export async function writeWholeFile(file: string, pieces: AsyncIterable<string>): Promise<void> {
  const target = resolve(file)
  let folder: string | undefined
  try {
    folder = await mkdtemp(join(dirname(target), '.plimsoll-export-'))
    const draft = join(folder, 'draft')
    await using handle = await open(draft, 'wx', 0o600)
    await handle.writeFile(pieces)
    await handle.sync()
    await rename(draft, target)
  } catch (cause) {
    if (cause instanceof PlimsollError) throw cause
    throw new PlimsollError('EXPORT_UNWRITABLE', `${file}: ${messageOf(cause)}`, { cause })
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}
