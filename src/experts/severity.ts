/** How much a line says of itself that it matters. */

const softWords =
  /\bwarn(?:ing)?\b ?[\]:|-]|^\W{0,4}warn(?!ing {2,}[A-Z]|ing {1,8}[A-Z][a-z]{1,20}[A-Z]\w{1,40}[: ])|\bnpm warn\b|(?<!because it uses a )\bdeprecat|(?<!timed out )\bretrying\b|\bwill retry\b|\btrying again\b|\bignoring\b|\busing (?:the )?defaults?\b|(?<!\) - )\bskipping\b|\((?:ignored|optional)\)|^W: (?:Failed to fetch|Some index files|Couldn't stat|You may want)|^debconf: |\bhave been ignored\b|^\W{0,4}INFO\b|\[INFO\]|^\W{0,4}Normal {2,}(?!FailedBinding)[A-Z]|: shutting down$|, (?:info|warning) {2,}/i

const belowWarnings = 'INFO|INF|NOTICE|DEBUG|DBG|TRACE'
/** Loggers write levels in capitals, near the start, and who gathers logs puts a name before it, */
const capital = (levels: string): string =>
  String.raw`^(?:\[?[\w./-]{1,200}\]? {1,40}(?:\| )?)?.{0,60}\b(?:${levels})\b[ \]]`
const capitalLevel = new RegExp(capital(`WARN|WARNING|WRN|${belowWarnings}`))

/** not as a folder of a build has it, */
const debugging = /(?<![\\/\w.-])DEBUG(?![\\/\w])/

/** in brackets, as letters (klog, TensorFlow) or as signs (Redis), */
const otherLevel =
  /^.{0,60}[[<:](?:warn|warning|wrn|note|notice|info|inf|debug|dbg)[\]>]|^(?:.{0,60}: )?W\d{4} \d\d:\d\d:|\d\d:\d\d:\d\d\.\d{3,9}: [IW] \w|^\d{1,9}:[A-Z] \d\d \w{3} \d{4} [\d:.]{1,12} [.*-] /i

/** in a field of a record, perhaps within JSON in JSON, */
const levelField =
  /\b(?:level|lvl|severity)"?[:=]"?(?:warn|info|debug|trace)|(?:level(?:_?name)?|lvl|severity(?:text)?|@l)\\{0,3}" ?: ?\\{0,3}"(?:warn|info|debug|trace|notice|verbose)|"s" ?: ?"[IWD]\d?"/i

/** or before the message in one, */
const levelInField = /"(?:msg|message)\\{0,3}" ?: ?\\{0,3}"\W{0,4}(?:warn(?:ing)?|info|debug|trace)\b/i

/** or as numbers, of pino and bunyan, and those of syslog: */
const levelNumber = /\blevel\\{0,3}" ?: ?[1-4]0\b/

/** of warnings, notices and debugging. All that a service prints goes to the journal as 6, errors, too: that says nothing. */
const softPriorities: readonly number[] = [4, 5, 7]
/** Before a line the facility is in it, too, eight times. */
const priority = /^<(\d{1,3})>|"PRIORITY" ?: ?"?([0-7])\b/

function hasSoftPriority(line: string): boolean {
  const [, ofLine, ofJournal] = priority.exec(line) ?? []
  return softPriorities.includes(Number(ofLine ?? ofJournal) % 8)
}

/** What a server tells of one of those who ask it, strangers often: nginx, Apache, PostgreSQL, and the daemons of a host. */
const ofAPeer =
  /, client: [\d.a-f:]{2,45}, server: (?!.*upstream: "\w{1,8}:\/)|\[client [\d.a-f:]{2,45}\]|\[preauth\]|\bLOG: {1,2}(?:could not (?:receive|send) data (?:from|to) client|unexpected EOF on client|incomplete startup packet|invalid length of startup packet)|\b(?:sshd|v?s?ftpd|proftpd|klogind|rlogind|telnetd|xinetd|login|dovecot|postfix\/\w{1,20}(?!\[\d{1,9}\]: fatal: )|saslauthd|imapd|pop3d|named|ntpd)(?:\(pam_unix\))?\[\d{1,9}\]: (?!.*(?:\bbind|listen|config|host key|in use))/i

/**
 * pip and urllib3 warn that they try again, and count down to the last time; Spring warns that it ends, and Ansible
 * cites what ssh warned of, too.
 */
const lastWords = [
  'Retry(total=0,',
  'Exception encountered during context initialization',
  ': UNREACHABLE! => ',
  ': FAILED! => ',
]

/** mock logs all that the tools say below it as its own debugging, and Fly.io all that an application prints as [info]. */
const relayed = /^.{0,40}\bDEBUG util\.py:\d{1,5}:|^\S{19,32} ?app\[[\w-]{1,40}\] [a-z]{3} \[info\]/

/** What a test of pytest expects and got may be any words. */
const asserted = /(?:^|\s)[E>] {2,8}(?:assert |AssertionError)/

/** Of what a line says itself. */
export const softPatterns: readonly RegExp[] = [
  softWords,
  asserted,
  capitalLevel,
  debugging,
  otherLevel,
  levelField,
  levelInField,
  levelNumber,
  ofAPeer,
]

/** A warning, something that is tried again, or a level below it. Events of Kubernetes have no higher level than Warning. */
export const isSoft = (line: string): boolean => {
  const said = line.replace(relayed, '')
  const isBelow = softPatterns.some((pattern) => pattern.test(said)) || hasSoftPriority(said)
  return isBelow && !lastWords.some((words) => said.includes(words))
}

const information = [
  new RegExp(capital(belowWarnings)),
  /(?:level(?:_?name)?|lvl|severity)\\{0,3}"? ?[:=] ?\\{0,3}"?(?:info|debug|trace|notice|verbose|[123]0)\b/i,
  /"(?:msg|message)\\{0,3}" ?: ?\\{0,3}"\W{0,4}(?:info|debug|trace)\b/i,
]

/** A record of a level below that of warnings. Below `INFO:` of java.util.logging stands anything. */
export const isInformation = (line: string): boolean => information.some((pattern) => pattern.test(line))
