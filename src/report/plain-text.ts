/** Text that came from outside (names, outputs, messages) made safe for a terminal. */

/**
 * C0 and C1 controls, DEL, line and paragraph separators, and the marks that reorder what is read (bidirectional
 * overrides): a terminal would obey them, so that an output could rewrite what the screen says. Lone surrogates too.
 */
const unsafe = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]/u
const everyUnsafe = new RegExp(unsafe, 'gu')

/** One line: nothing in it moves the cursor, changes a colour or hides text. "\x1b[2J" is shown as written here. */
export function plainLine(text: string): string {
  return unsafe.test(text) ? text.replaceAll(everyUnsafe, escaped) : text
}

/** Several lines: as `plainLine`, but newlines and tabs stay, and colours that the writer meant well are dropped. */
export function plainText(text: string): string {
  const unix = text.replaceAll(colour, '').replaceAll('\r\n', '\n')
  return unix.replaceAll(everyUnsafe, (char) => (char === '\n' || char === '\t' ? char : escaped(char)))
}

const colour = /\u001b\[[0-9;]{0,32}m/g

const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0
  return shortForms[char] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
