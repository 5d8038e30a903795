/** What a series is called: checked by the rules of Prometheus, and as one text that no other series has. */
import { createHash } from 'node:crypto'
import { PlimsollError } from '../errors.ts'
import type { Labels } from './words.ts'

/** https://prometheus.io/docs/concepts/data_model/#metric-names-and-labels */
const nameRule = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const labelRule = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** Of one series: a label set above this is a defect of who makes it. */
const mostLabels = 64
const longestText = 4_096

/**
 * Unlike any other series has it, also before anything is checked: each text follows its length. Labels in another order
 * are the same; those that are empty are not there. Called for each sample, so that it does nothing twice.
 * @throws METRIC_INVALID for what are no texts
 */
export function keyOf(name: string, labels: Labels): string {
  if (typeof name !== 'string') throw invalid(`a name is a text, not ${typeof name}`)
  let key = `${name.length}:${name}`
  let before = ''
  for (const label in labels) {
    const value = labels[label]
    if (value === '') continue
    if (typeof value !== 'string') throw invalid(`the label ${label} of ${name} is no text`)
    if (label < before) return keyOf(name, sorted(labels))
    before = label
    key += `${label.length}:${label}${value.length}:${value}`
  }
  return key
}

/**
 * Sorted, without those that are empty.
 * @throws METRIC_INVALID for what an object would put in another order
 */
export function sorted(labels: Labels): Labels {
  const names = Object.keys(labels).filter((label) => labels[label] !== '')
  for (const label of names) {
    if (!labelRule.test(label)) throw invalid(`"${label.slice(0, 80)}" is no name of a label`)
  }
  return Object.fromEntries(names.sort().map((label) => [label, labels[label] as string]))
}

/** @throws METRIC_INVALID */
export function checkSeries(name: string, labels: Labels): void {
  if (!nameRule.test(name) || name.length > longestText)
    throw invalid(`"${name.slice(0, 80)}" is no name of a metric`)
  const entries = Object.entries(labels)
  if (entries.length > mostLabels)
    throw invalid(`${name} has ${entries.length} labels, more than ${mostLabels}`)
  for (const [label, value] of entries) {
    if (!labelRule.test(label) || label.startsWith('__') || label.length > longestText)
      throw invalid(`"${label.slice(0, 80)}" is no name of a label (${name})`)
    if (value.length > longestText)
      throw invalid(`the label ${label} of ${name} has ${value.length} letters, more than ${longestText}`)
    if (!value.isWellFormed()) throw invalid(`the label ${label} of ${name} is not well-formed Unicode`)
  }
}

/**
 * 52 bits, which JavaScript and every database know exactly. Of a million series two share theirs once in ten thousand
 * times; the one that comes later gets the id of its next try.
 */
export function idOf(key: string, tries: number): number {
  const digest = createHash('sha256').update(`${tries}:${key}`).digest()
  return digest.readUIntBE(0, 6) * 16 + ((digest[6] as number) >> 4)
}

export const invalid = (text: string): PlimsollError => new PlimsollError('METRIC_INVALID', text)
