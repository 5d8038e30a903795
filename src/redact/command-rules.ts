/** Secrets where commands, headers and SQL have them. */
import { assigned, notPlaceholder, quote, type Rule, strong, usual } from './rule.ts'

/** Between words of a command, or of a list of words in JSON. */
const gap = String.raw`(?:[ \t]{1,3}|\\{0,3}["'],[ \t]{0,3}\\{0,3}["'])`
const argument = `(?:=|${gap})`
const anything = (most: number): string => String.raw`[^\r\n]{0,${most}}?`
/** Whatever it is: the rest of a text in quotes, or a word. */
const body = String.raw`${notPlaceholder}(?:(?<=["'])[^"'\\\r\n]{1,100}|[^\s"'\x60;&|<>()]{1,100})`

/** A colour may end right before them. */
const command = { ...usual, more: 'value', reach: 360, inside: true } as const

const form = (kept: string, secret: string, flags = 'y'): RegExp => new RegExp(`(${kept})${secret}`, flags)

const ofCommands: readonly Rule[] = [
  // A name and a password for HTTP: curl's. Users and groups by number, ports and names of Kubernetes stand so, too.
  {
    ...command,
    anchors: ['-u', '--user', '--proxy-user'],
    form: form(
      String.raw`(?:-u(?!ser|rl|n|ri|p|uid|sage|tc|dp)${gap}?|--(?:proxy-)?user${argument})${quote}(?!system:)[A-Za-z_][\w.@+-]{0,60}:`,
      String.raw`(?!\d{1,5}(?:[/:\s"'\\]|$))${notPlaceholder}${strong}`,
    ),
    reach: 200,
    inside: false,
  },
  // The password is attached to `-p`; a port and its mapping are not one.
  {
    ...command,
    anchors: ['mysql', 'mariadb'],
    form: form(
      String.raw`(?:mysql|mariadb)${anything(200)}[ \t"']-p${quote}`,
      String.raw`(?!ath|ort|rotocol|lugin|ublish|[a-z-]{2,20}=|[\d.]{1,16}(?:[:-][\d.:-]{0,20})?(?:\/(?:tc|ud)p)?(?:[\s"'\\]|$))${notPlaceholder}${strong}`,
    ),
  },
  { ...command, anchors: ['sshpass'], form: form(`sshpass${gap}-p${gap}?${quote}`, body) },
  {
    ...command,
    anchors: ['redis-cli'],
    form: form(String.raw`redis-cli${anything(150)}[ \t"'](?:-a|--pass)${argument}${quote}`, `(?!-)${body}`),
  },
  // Key stores of Java, and what OpenSSL is told of its keys.
  {
    ...command,
    anchors: ['', 'src', 'dest'].flatMap((which) => [`-${which}storepass`, `-${which}keypass`]),
    form: form(`-(?:src|dest)?(?:store|key)pass${gap}${quote}`, `(?!-)${body}`),
  },
  { ...command, anchors: ['-pass'], form: form(`-pass(?:in|out)?${gap}${quote}pass:`, body) },
  {
    ...command,
    anchors: ['docker', 'podman', 'registry'],
    form: form(
      String.raw`(?:docker|podman|registry)${gap}login(?:${anything(150)}[ \t"'])?-p${argument}${quote}`,
      `(?!-)${body}`,
    ),
  },
  {
    ...command,
    anchors: ['ldap'],
    form: form(
      String.raw`ldap(?:search|modify|add|delete|passwd|whoami)${anything(150)}[ \t"']-w${argument}${quote}`,
      `(?!-)${body}`,
    ),
  },
  {
    ...command,
    anchors: ['unzip'],
    form: form(String.raw`unzip${anything(100)}[ \t"']-P${gap}${quote}`, body),
  },
  // A user and a password; `/ as sysdba` and `/nolog` have neither.
  {
    ...command,
    anchors: ['sqlplus'],
    form: form(
      String.raw`sqlplus(?:${gap}-[A-Za-z]{1,2}){0,3}${gap}${quote}[A-Za-z][\w$#.]{0,60}/`,
      `(?!/)${body}`,
    ),
  },
  ...htpasswd(),
  {
    ...usual,
    anchors: ['otp'],
    form: form(`otp(?:[_-]?(?:code|token|value))?${assigned}`, String.raw`[0-9]{6,8}(?![\w.-])`, 'iy'),
    more: 'none',
    inside: true,
  },
  {
    ...usual,
    anchors: ['--otp'],
    form: form(`--otp${gap}${quote}`, String.raw`[0-9]{6,8}(?![\w.-])`),
    more: 'none',
  },
]

/** Options, then a file unless `-n` is among them, a user, and the password where `-b` is. */
function htpasswd(): readonly Rule[] {
  const option = String.raw`${gap}-[A-Za-z]{1,8}(?:${gap}\d{1,2})?`
  const has = (letter: string): string => `(?:${option}){0,3}${gap}-[A-Za-z]{0,7}${letter}`
  const word = String.raw`${gap}[^\s"'-][^\s"']{0,60}`
  const begin = `htpasswd(?:${word})?(?=${has('b')})`
  const options = `(?:${option}){1,4}`
  return [
    form(`${begin}(?=${has('n')})${options}${word}${gap}${quote}`, body),
    form(`${begin}(?!${has('n')})${options}${word}${word}${gap}${quote}`, body),
  ].map((one) => ({ ...command, anchors: ['htpasswd'], form: one }))
}

const header = String.raw`\\{0,3}["']?[ \t]{0,3}[:=][ \t]{0,3}\[?\\{0,3}["']?`
const cookieName = `(?!(?:path|domain|expires|max-age|samesite)=)[!#$%&*+.^_|~0-9A-Za-z-]{1,64}=`
const cookieValue = String.raw`(?![*$<{[])[^\s;"'\\]`

const ofHeaders: readonly Rule[] = [
  {
    ...usual,
    anchors: ['set-cookie'],
    form: form(
      `set-cookie${header}${cookieName}`,
      String.raw`${cookieValue}(?=[^\s;"'\\]{0,60}[0-9]|[^\s;"'\\]{15})[^\s;"'\\]{7}`,
      'iy',
    ),
    more: 'value',
    reach: 200,
    inside: true,
  },
  // Those that are sent, all of them.
  {
    ...usual,
    anchors: ['cookie'],
    form: form(`cookie${header}${cookieName}`, cookieValue, 'iy'),
    more: 'cookies',
    inside: true,
    notAfter: '-',
  },
  {
    ...usual,
    anchors: ['--cookie'],
    form: form(`--cookie${argument}${quote}${cookieName}`, cookieValue, 'iy'),
    more: 'cookies',
  },
  {
    ...usual,
    anchors: ['curl'],
    form: form(String.raw`curl${anything(150)}[ \t"']-b${gap}?${quote}${cookieName}`, cookieValue),
    more: 'cookies',
    reach: 360,
    inside: true,
  },
  // The identifiers of Windows are no secrets.
  {
    ...usual,
    anchors: ['session=', 'sessid=', 'sessionid=', 'session_id=', 'sid='],
    form: form(
      '[A-Za-z_]{3,10}=',
      '(?!S-1-)(?=[A-Za-z0-9+/_.~%-]{0,40}[0-9])(?=[a-z0-9+/_.~%-]{0,40}[A-Z]|[a-z0-9]{20})[A-Za-z0-9+/_.~%-]{16}',
    ),
    more: 'encoded',
    inside: true,
  },
]

const sqlQuote = String.raw`(?:'\\''|\\{0,3}["']|\\u0027)`
const blank = String.raw`[ \t]{1,3}`
const inQuotes = String.raw`${notPlaceholder}[^"'\\\r\n]{1,100}`
const by = String.raw`${blank}(?:with${blank}\S{1,60}${blank})?(?:by|as)${blank}(?:password${blank})?`
const upperBy = by.replaceAll(/with|by|as|password/g, (word) => word.toUpperCase())

/** In capitals, or where users are made; people write "identified by" of other things. */
const ofSql: readonly Rule[] = [
  {
    ...command,
    anchors: ['password '],
    form: form(`PASSWORD${blank}[eE]?${sqlQuote}`, inQuotes),
    reach: 160,
  },
  {
    ...command,
    anchors: ['password '],
    form: form(
      `password${blank}[eE]?${sqlQuote}`,
      String.raw`${notPlaceholder}(?=[^\s"'\\]{0,60}[0-9!@#$%^*+])[^\s"'\\]{6,100}(?=["'\\])`,
    ),
    reach: 160,
  },
  {
    ...command,
    anchors: ['identified '],
    form: form(`IDENTIFIED${upperBy}(?:${sqlQuote})?`, String.raw`(?!VALUES\b)${body}`),
    reach: 260,
  },
  {
    ...command,
    anchors: ['user ', 'role ', 'login '].flatMap((what) => [`create ${what}`, `alter ${what}`]),
    form: form(
      String.raw`(?:create|alter)${blank}(?:user|role|login)${anything(120)}(?:identified${by}|password[ \t=]{1,5})${sqlQuote}`,
      inQuotes,
      'iy',
    ),
  },
]

export const commandRules: readonly Rule[] = [...ofCommands, ...ofHeaders, ...ofSql]
