/** What hostile lines are fed to, in a thread of its own: each piece is told before it begins, so that one that hangs has a name. */
import { readdirSync, readFileSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { diagnose } from '../../src/experts/experts.ts'
import { hints } from '../../src/experts/hint-words.ts'
import { marksOfFailure } from '../../src/experts/marks-of-failure.ts'
import { marksOfRecovery } from '../../src/experts/marks-of-recovery.ts'
import { matchPhrase, type Phrase, parsePhrase } from '../../src/experts/phrase.ts'
import { withoutPrefix } from '../../src/experts/plain-line.ts'
import { rules } from '../../src/experts/rules/rules.ts'
import { isSoft } from '../../src/experts/severity.ts'

/** In characters: a pass takes milliseconds, and one from each place of it minutes. */
const long = 262_144
/** There are thousands of phrases. */
const longOfPhrases = 65_536

const begin = (piece: string): void => parentPort?.postMessage(piece)
const repeated = (unit: string, length = long): string => unit.repeat(Math.ceil(length / unit.length))

const common = [
  'a',
  ' ',
  '0',
  '-',
  '"',
  '\\',
  'A',
  '.',
  '\t',
  'a ',
  'a.',
  '0:',
  'a/',
  '[',
  '[a',
  '<1',
  '\u001b[',
]
const prefixes =
  '2026-|12:|##[|::error|Jan  1 11:11:11 || |#1 |E  |a:|a-|a+|1||[A|[ab |##vso[|ERROR 1|{"log":"|\\n","|Fri 2026-07-31 '
const noMatch = '\u0001'

/** Expressions as they are written in the sources: most are not exported. */
function* expressions(): Generator<{ readonly file: string; readonly pattern: RegExp }> {
  const folder = new URL('../../src/experts/', import.meta.url)
  const literal =
    /(?<=[=([,:?|&!]\s*|\breturn\s+)\/(?![*/])((?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)(?=[\s.,;)\]])/g
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts'))) {
    const code = readFileSync(new URL(file, folder), 'utf8').replaceAll(
      /\/\*\*[\s\S]*?\*\/|^\s*\/\/.*$/gm,
      '',
    )
    for (const [, source = '', flags] of code.matchAll(literal)) {
      yield { file, pattern: new RegExp(source, flags) }
    }
  }
}

/** Words of the expression itself. */
function wordsOf({ source }: RegExp): readonly string[] {
  const words = source
    .replaceAll(/\\[bdswBDSW]|\(\?<?[:=!]|\{[\d,]+\}/g, '\n')
    .replaceAll('\\', '')
    .split(/[\n()|^$*+?]/)
  return [...new Set(words.filter((word) => word.length > 1))].slice(0, 12)
}

function feedExpressions(): void {
  for (const { file, pattern } of expressions()) {
    const words = wordsOf(pattern)
    for (const unit of [...common, ...words, `${words.join('')} `, `${words.join('0')}a`]) {
      begin(`${file} ${pattern}: ${JSON.stringify(unit)} repeated`)
      pattern.lastIndex = 0
      pattern.test(`${repeated(unit)}${noMatch}`)
    }
  }
}

function feedLines(): void {
  for (const unit of [...common, ...prefixes.split('|').filter((part) => part !== '')]) {
    const line = `${repeated(unit)}${noMatch}`
    begin(`withoutPrefix: ${JSON.stringify(unit)} repeated`)
    if (withoutPrefix(line).length > line.length) throw new Error('A line is longer without its prefix.')
    begin(`isSoft: ${JSON.stringify(unit)} repeated`)
    isSoft(line)
  }
}

/** Units of lines that begin to match again and again and never do, or do so only at their end. */
function unitsOf({ pieces }: Phrase): readonly string[] {
  const words = pieces.map((piece) => piece.words).filter((text) => text !== '')
  const units = [words[0] ?? '', `${words[0] ?? ''} 1:`, words.slice(0, -1).join('1')]
  return [...new Set(units.filter((unit) => unit !== ''))]
}

function feedHintsAndMarks(): void {
  const words = Object.values(hints).flatMap(({ words }) => words)
  const marks = [...marksOfFailure, ...marksOfRecovery].flatMap(({ phrases }) => phrases)
  for (const text of [...words, ...marks]) {
    const phrase = parsePhrase(text, true)
    for (const unit of unitsOf(phrase)) {
      begin(`hint or mark ${text}: ${JSON.stringify(unit)} repeated`)
      const line = repeated(unit.toLowerCase(), longOfPhrases) + noMatch
      matchPhrase(phrase, line, line)
    }
  }
}

function feedPhrases(): void {
  for (const { id, phrases, unless = [], anyCase } of rules) {
    for (const text of [...phrases, ...unless]) {
      const phrase = parsePhrase(text, anyCase)
      for (const unit of unitsOf(phrase)) {
        begin(`rule ${id}, phrase ${text}: ${JSON.stringify(unit)} repeated`)
        const line = `${repeated(unit, longOfPhrases)}${noMatch}`
        matchPhrase(phrase, line, anyCase ? line.toLowerCase() : line)
      }
    }
  }
}

async function readLog(): Promise<void> {
  function* chunks(): Iterable<Uint8Array> {
    for (const { id, phrases } of rules) {
      for (const unit of unitsOf(parsePhrase(phrases[0] ?? '')).slice(0, 2)) {
        begin(`diagnose, rule ${id}: ${JSON.stringify(unit)} repeated`)
        yield Buffer.from(`${repeated(unit, longOfPhrases)}\n`)
      }
    }
  }
  const { evidence } = await diagnose({ logs: [{ name: 'hostile', chunks: chunks() }] })
  if (evidence.some(({ text }) => text.length > 300))
    throw new Error('Evidence is longer than 300 characters.')
}

feedExpressions()
feedLines()
feedPhrases()
feedHintsAndMarks()
await readLog()
