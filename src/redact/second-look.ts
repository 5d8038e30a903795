/**
 * The second opinion of secretlint and its recommended rules, on texts in which one of its literals stands and our own
 * rules found nothing. It is loaded when it is first asked: 9 to 13 MB, which most runs never need.
 */
const mask = '***'

/** More at once would keep the engine from its work for too long: 64 KiB take secretlint some 3 ms. */
const pieceLength = 64 * 1024
/** Pieces overlap by so much, so that what one cuts in two the next one has whole. */
const overlap = 512

type Ask = (text: string) => Promise<readonly (readonly [start: number, end: number])[]>

let asking: Promise<Ask> | undefined

/** The text with everything masked that secretlint finds; lines stay lines. */
export async function secondLook(text: string): Promise<string> {
  asking ??= load()
  const ask = await asking
  const found: (readonly [number, number])[] = []
  for (let start = 0; start < text.length; start += pieceLength - overlap) {
    const ranges = await ask(text.slice(start, start + pieceLength))
    for (const [from, to] of ranges) found.push([start + from, start + to])
  }
  return maskRanges(text, found)
}

/** Not the rule that obeys comments: a log that says "secretlint-disable" would switch the others off. */
async function load(): Promise<Ask> {
  const [{ lintSource }, preset] = await Promise.all([
    import('@secretlint/core'),
    import('@secretlint/secretlint-rule-preset-recommend'),
  ])
  const rules = preset.rules
    .filter(({ meta }) => !meta.id.endsWith('filter-comments'))
    .map((rule) => ({ id: rule.meta.id, rule }))
  return async (content) => {
    const source = { filePath: 'output', content, contentType: 'text', ext: '.txt' } as const
    const { messages } = await lintSource({ source, options: { config: { rules } } })
    return messages.map(({ range }) => range)
  }
}

function maskRanges(text: string, ranges: readonly (readonly [number, number])[]): string {
  let masked = ''
  let done = 0
  for (const [start, end] of ranges.toSorted(([a], [b]) => a - b)) {
    if (start >= done) masked += text.slice(done, start) + mask
    done = Math.max(done, end)
  }
  return masked + text.slice(done)
}
