/** The ways in which a secret may appear in an output: as it is, and in the usual encodings. */
import { PlimsollError } from '../errors.ts'

/** All secrets of a run together: some 150 of one line. More are refused, because dropping one would print it. */
const mostForms = 1_000

/** Shorter lines of a secret (and unpadded base64 of shorter values) are too common in ordinary text. */
const shortestPart = 4

/** Bytes. Longer forms are masked piece by piece: what is held back, and the work per byte, stay small. */
const longestForm = 256

/** Distinct, none empty, none longer than `longestForm`. Empty secrets have no form. */
export function secretForms(secrets: Iterable<string>): readonly Buffer[] {
  const forms = new Set<string>()
  for (const secret of secrets) {
    // A value from a file often ends with a newline that is gone where it is used.
    for (const value of [secret, secret.trim()]) addForms(forms, value.toWellFormed())
  }
  const pieces = new Set<string>()
  for (const form of forms) addPieces(pieces, Buffer.from(form))
  if (pieces.size > mostForms) {
    throw new PlimsollError(
      'OPTION_INVALID',
      `the secrets of this run have ${pieces.size} forms to mask, more than ${mostForms}`,
      {
        fix: 'Name fewer secrets in one plan, or keep the large ones in files that the tasks read themselves',
      },
    )
  }
  return [...pieces].map((piece) => Buffer.from(piece, 'latin1'))
}

/** Pieces overlap by a byte, and overlapping matches get one mask: a long secret becomes a single `***`. */
function addPieces(pieces: Set<string>, form: Buffer): void {
  let start = 0
  for (; start + longestForm < form.length; start += longestForm - 1) {
    pieces.add(form.toString('latin1', start, start + longestForm))
  }
  pieces.add(form.toString('latin1', Math.max(0, Math.min(start, form.length - longestForm))))
}

function addForms(forms: Set<string>, value: string): void {
  if (value === '') return
  forms.add(value)
  for (const line of value.split(/\r\n|\n|\r/)) {
    if (line.length >= shortestPart) forms.add(line)
  }
  const base64 = Buffer.from(value).toString('base64')
  const base64url = base64.replaceAll('+', '-').replaceAll('/', '_')
  for (const encoded of [base64, base64url]) {
    forms.add(encoded)
    if (value.length >= shortestPart) forms.add(encoded.replace(/=+$/, ''))
  }
  const urlEncoded = encodeURIComponent(value)
  // encodeURIComponent leaves !'()* as they are; other encoders do not. Forms of web pages write a space as +.
  const strictlyEncoded = urlEncoded.replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
  for (const encoded of [urlEncoded, strictlyEncoded]) forms.add(encoded).add(encoded.replaceAll('%20', '+'))
  forms.add(JSON.stringify(value).slice(1, -1))
}
