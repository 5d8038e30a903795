/** From our SQL to that of PostgreSQL: `?1` becomes `$1`. */

/** Literals, quoted names and comments are passed over; what is left of `?` and digits is a placeholder. */
const pieces = /'[^']*'|"[^"]*"|--[^\n]*|\/\*[\s\S]*?\*\/|\?(\d+)/g

/** Of the texts that are kept; the engine has about 60 different ones. */
const mostTexts = 512
const kept = new Map<string, string>()

export function withDollars(sql: string): string {
  const known = kept.get(sql)
  if (known !== undefined) return known
  const text = sql.replaceAll(pieces, (piece: string, number?: string) =>
    number === undefined ? piece : `$${number}`,
  )
  if (kept.size >= mostTexts) kept.clear()
  kept.set(sql, text)
  return text
}
