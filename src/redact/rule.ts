/** What a rule is made of. */

export type Rule = {
  /** In lower case, found in any case. The form begins where the anchor does. */
  readonly anchors: readonly string[]
  /** Sticky, never matches a line end, and is bounded by `reach`. Group 1, where there is one, stays readable. */
  readonly form: RegExp
  /** What follows the form is masked as well, as long as it is made of these. */
  readonly more: keyof typeof alphabets | 'none'
  /** It is masked, a private key begins after it, or secretlint is asked (`second-look.ts`). */
  readonly means: 'secret' | 'private-key' | 'suspect'
  /** Characters that the form may look at, the anchor included. */
  readonly reach: number
  /** Whether a letter or a digit may stand right before the anchor. */
  readonly inside: boolean
  /** A sign that may not stand right before the anchor. */
  readonly notAfter?: string
}

/** What the rest of a secret may be made of. */
export const alphabets = {
  word: /[A-Za-z0-9_-]/,
  dotted: /[A-Za-z0-9_.-]/,
  base64: /[A-Za-z0-9+/=_-]/,
  encoded: /[A-Za-z0-9+/=_.~%-]/,
  /** Of a value without quotes, or inside them. */
  value: /[^\s"'`,;&<>()]/,
  /** Of a cookie and those after it. */
  cookies: /[ !#-&(-[^-~]/,
} as const

export const usual = { more: 'word', means: 'secret', reach: 160, inside: false } as const

/** Not a secret but what stands for one: a variable, a placeholder, something masked already, a path. */
export const notPlaceholder = String.raw`(?!\*|\$|<|\{|\[|%[A-Z({]|/|\.{1,2}/|\.{3}|~|x{4}|X{4}|null\b|none\b|undefined\b|true\b|false\b|(?:my|your|the)[-_]|change[-_]?me|example|redacted|REDACTED)`
/** Quotes may be escaped: a text of JSON inside another. */
export const quote = String.raw`(?:\\{0,3}["'])?`
export const assigned = String.raw`${quote}[ \t]{0,3}(?::=|=>|=|:)[ \t]{0,3}${quote}`
/** Whoever chose it was asked for a digit or a sign; words alone are too common. */
export const strong = String.raw`(?=[^\s"'\x60,;&<>()]{0,60}[0-9!@#$%^*+])[^\s"'\x60,;&<>()]{6}`
