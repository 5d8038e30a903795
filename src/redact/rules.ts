/**
 * What a secret looks like that nobody told us: the forms that services give their keys, and values beside a word such as
 * "password". Anchors are cheap to look for; only where one stands its form is tried, once, on a bounded window.
 */
import { commandRules } from './command-rules.ts'
import { assigned, notPlaceholder, type Rule, strong, usual } from './rule.ts'
import { urlRules } from './url-rules.ts'

/** Tokens that begin in a way of their own; `[A-Za-z0-9_-]` follows, at least as often as the number says. */
const prefixes: readonly (readonly [atLeast: number, prefixes: string])[] = [
  [10, 'xoxb- xoxp- xoxa- xoxo- xoxr- xoxs- xapp-'],
  [16, 'sk_live_ sk_test_ rk_live_ rk_test_ tskey- glpat- gldt- glrt- glcbt- glptt- glsoat- fly_live_'],
  [
    20,
    'sk-ant- sk-proj- sk-svcacct- sk-admin- sk-or-v1- dckr_pat_ dckr_oat_ cio_live_ whsec_ sntrys_ sntryu_',
  ],
  [20, 'ya29. GOCSPX- hvs. hvb. hvr. pscale_tkn_ pscale_pw_ atlasv1. dp.st. dp.pt. vcp_ vci_ vca_ vcr_ vck_'],
  [
    20,
    'sq0csp- sq0atp- NRAK- EAAAE pypi-AgEIcHlwaS5vcmc fo1_ dnkey- tfp_ pat-na1- shppa_ shpca_ shpat_ shpss_',
  ],
  [30, 'ghp_ gho_ ghu_ ghs_ ghr_ npm_ hf_ lin_api_ ntn_ figd_ glc_ glsa_ r8_ pul-'],
  [
    40,
    'github_pat_ gsk_ xai- pplx- cfk_ cfut_ cfat_ dop_v1_ doo_v1_ dor_v1_ rubygems_ AGE-SECRET-KEY-1 ops_ey',
  ],
]

const literal = (text: string): string => text.replaceAll(/[.+?^$()[\]{}|\\]/g, '\\$&')

const prefixRules: readonly Rule[] = prefixes.flatMap(([atLeast, list]) =>
  list.split(' ').map((prefix) => ({
    ...usual,
    anchors: [prefix.toLowerCase()],
    form: new RegExp(`${literal(prefix)}[A-Za-z0-9_-]{${atLeast}}`, 'y'),
    more: 'encoded',
  })),
)

/** Tokens whose whole form is known. */
const shapes: readonly Rule[] = [
  {
    ...usual,
    anchors: ['a3t', 'akia', 'agpa', 'aida', 'aroa', 'aipa', 'anpa', 'anva', 'asia', 'abia', 'acca'],
    form: /(?:A3T[A-Z0-9]|AKIA|AGPA|AIDA|AROA|AIPA|ANPA|ANVA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])/y,
    more: 'none',
  },
  { ...usual, anchors: ['aiza'], form: /AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])/y, more: 'none' },
  { ...usual, anchors: ['dapi'], form: /dapi[A-Fa-f0-9]{32}(?:-[0-9])?(?![A-Za-z0-9])/y, more: 'none' },
  { ...usual, anchors: ['sk-'], form: /sk-[A-Za-z0-9]{32}/y },
  { ...usual, anchors: ['sg.'], form: /SG\.[A-Za-z0-9_-]{10,40}\.[A-Za-z0-9_-]{16}/y },
  // Two parts of a signed token: what it says, in base64 of JSON, and its signature.
  {
    ...usual,
    anchors: ['eyj'],
    form: /eyJ[A-Za-z0-9_-]{8,340}\.[A-Za-z0-9_-]{16}/y,
    more: 'dotted',
    reach: 400,
  },
  {
    ...usual,
    anchors: ['hooks.slack.com/', 'discord.com/api/webhooks/', 'discordapp.com/api/webhooks/'],
    form: /([a-z.]{10,20}\/(?:services|workflows|triggers|api\/webhooks)\/)[A-Za-z0-9/_-]{16}/iy,
    more: 'base64',
  },
  // A private key in base64, as configurations of clusters hold it.
  {
    ...usual,
    anchors: ['ls0tls1crudjti'],
    form: /LS0tLS1CRUdJTi(?:BQUklWQVRF|BSU0EgUFJJ|BFQyBQUkl|BFTkNSWVBU|BPUEVOU1NI|BEU0EgUFJJ)/y,
    more: 'base64',
  },
  {
    ...usual,
    anchors: ['-----begin'],
    form: /-----BEGIN ?[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/y,
    more: 'none',
    means: 'private-key',
    inside: true,
  },
]

/** Whose password `db_pass` and `smtp-pass` are. */
const whosePass =
  'db database mysql postgres pg redis mongo amqp rabbitmq smtp mail ftp ldap admin root user proxy http basic auth app my sudo become vault store key'.split(
    ' ',
  )

/** Values whose name says what they are. */
const named: readonly Rule[] = [
  {
    ...usual,
    anchors: ['password', 'passwd', 'passphrase', '_pwd'],
    form: new RegExp(`([A-Za-z_]{4,16}${assigned})${notPlaceholder}${strong}`, 'y'),
    more: 'value',
    inside: true,
  },
  // `PASS` alone is as often a count of tests.
  {
    ...usual,
    anchors: ['_pass', '_pw'],
    form: new RegExp(`(_(?:PASS|PW)${assigned})${notPlaceholder}${strong}`, 'y'),
    more: 'value',
    inside: true,
  },
  {
    ...usual,
    anchors: whosePass.flatMap((who) => ['_', '-', ''].map((sign) => `${who}${sign}pass`)),
    form: new RegExp(`([a-z]{2,9}[_-]?pass${assigned})${notPlaceholder}${strong}`, 'iy'),
    more: 'value',
    inside: true,
  },
  {
    ...usual,
    anchors: [';pwd='],
    form: new RegExp(`(;pwd=)${notPlaceholder}${strong}`, 'iy'),
    more: 'value',
    inside: true,
  },
  {
    ...usual,
    anchors: ['--password', '--passwd'],
    form: /(--pass[a-z]{2,4}[ \t]{1,3}["']?)(?![-*$<{[])(?=[^\s"']{0,60}[0-9!@#$%^*+])[^\s"']{6}/y,
    more: 'value',
    inside: true,
  },
  {
    ...usual,
    anchors: ['secret', 'token', 'api_key', 'api-key', 'apikey', 'access_key', 'access-key', 'accesskey'],
    form: new RegExp(
      `([A-Za-z_-]{5,24}${assigned})${notPlaceholder}(?=[A-Za-z0-9+/_.~-]{0,40}[0-9])(?=[a-z0-9+/_.~-]{0,40}[A-Z]|[a-z0-9]{20})[A-Za-z0-9+/_~-]{16}`,
      'y',
    ),
    more: 'encoded',
    inside: true,
  },
  {
    ...usual,
    anchors: ['bearer '],
    form: /(bearer[ \t]{1,3})(?=[A-Za-z0-9+/_.~-]{0,60}[0-9])[A-Za-z0-9+/_.~-]{16}/iy,
    more: 'encoded',
  },
  {
    ...usual,
    anchors: ['authorization'],
    form: /(authorization["']?[ \t]{0,3}[:=][ \t]{0,3}["']?(?:basic|bearer|token|digest|apikey)[ \t]{1,3})(?![*$<{])[A-Za-z0-9+/_.~=-]{8}/iy,
    more: 'encoded',
    inside: true,
  },
  // Logins of container registries and of package registries.
  {
    ...usual,
    anchors: ['auth"', 'auth\\"', 'auth\\\\\\"'],
    form: /(auth\\{0,3}"[ \t]{0,3}:[ \t]{0,3}\\{0,3}")[A-Za-z0-9+/_.-]{12}/iy,
    more: 'encoded',
    inside: true,
  },
  {
    ...usual,
    anchors: ['_authtoken', '_auth=', '_auth ='],
    form: /(_auth(?:token)?[ \t]{0,3}=[ \t]{0,3}["']?)(?![$<{*])[A-Za-z0-9+/_=.-]{8}/iy,
    more: 'encoded',
    inside: true,
  },
  // Storage and messages of Azure, and the signatures of links that let anybody in.
  {
    ...usual,
    anchors: ['accountkey=', 'sharedaccesskey='],
    form: /([A-Za-z]{10,15}=)[A-Za-z0-9+/]{20}/y,
    more: 'base64',
    inside: true,
  },
  {
    ...usual,
    anchors: ['&sig=', '?sig=', 'x-amz-signature=', 'x-amz-security-token=', 'x-goog-signature='],
    form: /([&?]?[A-Za-z-]{3,20}=)[A-Za-z0-9%+/_-]{32}/y,
    more: 'encoded',
    inside: true,
  },
  // Whatever stands before it: JSON may write `&` as \\u0026, and HTML as &amp;.
  {
    ...usual,
    anchors: ['sig='],
    form: /(sig=)(?=[A-Za-z0-9%+/_-]{0,60}[0-9])(?=[A-Za-z0-9%+/_-]{0,60}[A-Z])[A-Za-z0-9%+/_-]{20}/y,
    more: 'encoded',
    inside: true,
  },
]

/** What secretlint knows and no rule above masks, as coarsely as its own literals: it decides. */
const suspects: readonly Rule[] = [
  {
    ...usual,
    anchors: [
      'x-oauth-basic',
      'mongodb://',
      'mongodb+srv://',
      'mysql://',
      'mysqlx://',
      'postgres://',
      'postgresql://',
    ],
    form: /(?:x-oauth-basic@|[a-z+]{5,12}:\/\/[^\s:/]{1,100}:[^\s@/]{1,200}@)/iy,
    more: 'none',
    means: 'suspect',
    reach: 320,
    inside: true,
  },
  {
    ...usual,
    anchors: [
      'xox',
      'xapp-',
      'sg.',
      'sk-',
      'hooks.slack.com/services/',
      '_authtoken=',
      'npm_',
      'glpat-',
      'vcp_',
      'hvs.',
      'hvb.',
      'hvr.',
    ],
    form: /(?:xox[bpaor]-\w|xapp-\w|SG\.\w{1,40}\.\w|sk-\w{20}T3|hooks\.slack|_authToken=[^$]|(?:npm_|glpat-|vcp_|hv[sbr]\.)\w{20})/iy,
    more: 'none',
    means: 'suspect',
    inside: true,
  },
]

/** In the order in which they are tried where several anchors end at the same place. */
export const rules: readonly Rule[] = [
  ...prefixRules,
  ...shapes,
  ...named,
  ...urlRules,
  ...commandRules,
  ...suspects,
]
