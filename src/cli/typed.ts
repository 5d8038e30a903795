import { createRedactor } from '../redact/redact.ts'

/** UTF-16 units; a longer command line ends in an ellipsis. */
const longest = 2_000

/**
 * What was typed, for the audit: values of variables, the address of the database, passwords in other addresses and
 * what looks like a secret are masked.
 */
export function typedCommand(words: readonly string[]): string {
  const masked = words.map((word, index) => {
    if (words[index - 1] === '--var') return withoutValue(word)
    // Its password may have any characters, and stand in a parameter.
    if (words[index - 1] === '--database') return '***'
    if (word.startsWith('--database=')) return '--database=***'
    return word.startsWith('--var=') ? `--var=${withoutValue(word.slice('--var='.length))}` : word
  })
  const text = ['plimsoll', ...masked].map(quoted).join(' ')
  const safe = withoutSecrets(text)
  return safe.length <= longest ? safe : `${safe.slice(0, longest - 1)}…`
}

/** What looks like a secret, and passwords in addresses. */
export const withoutSecrets = (text: string): string =>
  createRedactor([]).text(text.replaceAll(/(:\/\/[^\s/:@]{0,200}):[^/@]{0,500}@/g, '$1:***@'))

/** NAME=*** */
const withoutValue = (pair: string): string => pair.replace(/=.*$/s, '=***')

const quoted = (word: string): string => (/^[\w@%+=:,./*-]+$/.test(word) ? word : JSON.stringify(word))
