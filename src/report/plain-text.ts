/** Text that came from outside (names, outputs, messages) made safe for a terminal. */

/**
 * Controls (C0, DEL, C1), line and paragraph separators, and the marks that reorder what is read: a terminal would
 * obey them, so that an output could rewrite what the screen says. Lone surrogates and byte order marks too.
 */
const unsafe = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufeff]/u
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

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape sequence begins with one
const colour = /\u001b\[[0-9;]{0,32}m/g

const shortForms: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' }

function escaped(char: string): string {
  const code = char.codePointAt(0) ?? 0
  return shortForms[char] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`)
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')
