/** The ways in which a secret may appear in an output: as it is, and in the usual encodings. */
import { PlimsollError } from '../errors.ts'
import { base64Of, hexOf, htmlOf, jsonOf, shellQuotedOf, urlEncodingsOf } from './encodings.ts'

/** What is looked for. `wraps`: tools break this encoding into lines, anywhere. */
export type Form = { readonly bytes: Buffer; readonly wraps: boolean }

/** All secrets of a run together: some 400 of one line, or 64 KiB. More are refused: dropping one would print it. */
const mostForms = 5_000

/** Bytes. The base64 of shorter values, and of their parts, is too common in ordinary text. */
const shortestEncoded = 4

/** Characters. Shorter lines of a secret of several lines are too common in ordinary text. */
const shortestLine = 8

/** Bytes. Longer forms are masked piece by piece: what is held back, and the work per byte, stay small. */
const longestForm = 256

/** Distinct, none empty, none longer than `longestForm`. Empty secrets have no form. */
export function secretForms(secrets: Iterable<string>): readonly Form[] {
  const forms = new Map<string, boolean>()
  for (const secret of secrets) {
    // A value from a file often ends with a newline that is gone where it is used.
    for (const value of new Set([secret, secret.trim()])) addForms(forms, value.toWellFormed())
  }
  const pieces = new Map<string, boolean>()
  for (const [form, wraps] of forms) {
    for (const piece of piecesOf(Buffer.from(form))) pieces.set(piece, wraps || pieces.get(piece) === true)
    if (pieces.size > mostForms) throw tooMany()
  }
  return [...pieces].map(([piece, wraps]) => ({ bytes: Buffer.from(piece, 'latin1'), wraps }))
}

function addForms(forms: Map<string, boolean>, value: string): void {
  if (value === '') return
  const lines = value.split(/\r\n|\n|\r/).filter((line) => line.length >= shortestLine)
  const asItIs = [value, ...lines, ...urlEncodingsOf(value), ...jsonOf(value)]
  for (const form of [...asItIs, ...shellQuotedOf(value), ...htmlOf(value)]) {
    if (!forms.has(form)) forms.set(form, false)
  }
  const bytes = Buffer.from(value)
  const wrapped =
    bytes.length < shortestEncoded ? [bytes.toString('base64')] : [...base64Of(bytes), ...hexOf(bytes)]
  for (const form of wrapped) forms.set(form, true)
}

/** Pieces overlap by a byte, and overlapping matches get one mask: a long secret becomes a single `***`. */
function* piecesOf(form: Buffer): Iterable<string> {
  let start = 0
  for (; start + longestForm < form.length; start += longestForm - 1) {
    yield form.toString('latin1', start, start + longestForm)
  }
  yield form.toString('latin1', Math.max(0, Math.min(start, form.length - longestForm)))
}

function tooMany(): PlimsollError {
  return new PlimsollError(
    'OPTION_INVALID',
    `the secrets of this run have more than ${mostForms} forms to mask`,
    {
      fix: 'Name fewer secrets in one plan, or keep the large ones in files that the tasks read themselves',
    },
  )
}
