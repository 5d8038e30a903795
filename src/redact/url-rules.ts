/** Passwords and tokens in URLs and in what is like them. */
import { notPlaceholder, type Rule, usual } from './rule.ts'

/** JSON may write each slash with a backslash. */
const slashes = String.raw`:\\{0,3}\/\\{0,3}\/`
const anchors = ['://', ':\\/\\/', ':\\\\/\\\\/']

/** A name with a dot or with a port, or an address of IPv6: what follows the password. */
const host = String.raw`@(?:[\w-]{1,63}\.\w|localhost\b|[\w-]{1,63}:\d{2,5}|\[)`

/** Where none is sure, the last `@` ends the password; digests of images do not follow one. */
const lastAt = '(?=@(?!sha(?:256|512):))'

/** A port and what may follow it. */
const notPort = String.raw`(?!\d{1,5}(?:[/?#\\]|$)|(?:port|PORT)\b)`
const notTold = String.raw`(?![*$<{%[/\\]|pass(?:word)?@|PASS(?:WORD)?@|xxx|XXX|\.{3})`

export const urlRules: readonly Rule[] = [
  // A token for a name: `https://TOKEN@github.com`, also with a word for a password.
  {
    ...usual,
    anchors,
    form: new RegExp(
      String.raw`(${slashes})(?=[\w.~-]{0,40}[0-9])(?=[a-z0-9_.~-]{0,40}[A-Z]|[a-z0-9]{20})[\w.~-]{16,180}(?::[^\s/@"'<>]{0,60})?(?=@)`,
      'y',
    ),
    more: 'none',
    reach: 300,
    inside: true,
  },
  // Passwords may hold `@` and `/`, though they should be encoded.
  {
    ...usual,
    anchors,
    form: new RegExp(
      String.raw`(${slashes}[^\s:/@?#"'<>[\\]{0,60}:)${notTold}${notPort}(?:[^\s"'<>]{1,180}(?=${host})|[^\s"'<>]{3,180}${lastAt})`,
      'y',
    ),
    more: 'none',
    reach: 350,
    inside: true,
  },
  {
    ...usual,
    anchors: ['jdbc:oracle:'],
    form: new RegExp(
      String.raw`(jdbc:oracle:[a-z0-9]{1,8}:[^\s/:@"']{1,60}\/)${notPlaceholder}[^\s"'<>]{1,100}(?=@)`,
      'iy',
    ),
    more: 'none',
    reach: 200,
    inside: true,
  },
  {
    ...usual,
    anchors: ['api.telegram.org/'],
    form: /(api\.telegram\.org\/(?:file\/)?bot[0-9]{3,15}(?::|%3a))[\w-]{20}/iy,
    inside: true,
  },
]
