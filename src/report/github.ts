/**
 * What GitHub Actions reads of a run: commands in the log, and a summary in Markdown. Texts of others can neither end a
 * command early nor begin one.
 */

/** An error with its place in the repository, where it has one. */
export type Annotation = {
  readonly title: string
  readonly message: string
  /** Relative to the repository. */
  readonly file?: string | undefined
  readonly line?: number | undefined
  readonly column?: number | undefined
}

/** Longer ones are cut, in characters: GitHub shows no more of them. */
const longestMessage = 4_000

const escapedText = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
const escapedProperty = (text: string): string =>
  escapedText(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

/** `::error file=...,line=...,title=...::message` and a line end. */
export function annotationLine({ file, line, column, title, message }: Annotation): string {
  const place =
    file === undefined
      ? []
      : [
          ['file', file],
          ['line', line],
          ['col', column],
        ]
  const properties = [...place, ['title', title]].flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${escapedProperty(String(value))}`],
  )
  return `::error ${properties.join(',')}::${escapedText(message.slice(0, longestMessage).toWellFormed())}\n`
}

/** Between these two lines the runner obeys nothing that is printed. `token` must not be guessed: 16 letters or more. */
export const stopCommands = (token: string): string => `::stop-commands::${token}\n`
export const resumeCommands = (token: string): string => `::${token}::\n`

/** Said where the rest had no room. */
const cut = '\n\n(The report is longer than GitHub shows: "plimsoll show RUN --markdown" prints all of it.)\n'

/** The text, cut after a line where it has more than `mostBytes`; a block of code that is cut is closed. */
export function fitMarkdown(markdown: string, mostBytes: number): string {
  if (Buffer.byteLength(markdown) <= mostBytes) return markdown
  let room = mostBytes - Buffer.byteLength(cut)
  const kept: string[] = []
  let fence: string | null = null
  for (const line of markdown.split('\n')) {
    const opens: string | null =
      fence === null ? (/^`{3,}/.exec(line)?.[0] ?? null) : line === fence ? null : fence
    room -= Buffer.byteLength(line) + 1
    if (room < (opens?.length ?? 0) + 1) break
    kept.push(line)
    fence = opens
  }
  if (kept.length === 0) return ''
  return `${kept.join('\n')}${fence === null ? '' : `\n${fence}`}${cut}`
}
