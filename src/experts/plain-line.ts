/** A line of a log as its writer wrote it: without colours, and without what a CI system or a logger put before it. */

import { escapeByte, withoutEscapes } from './escapes.ts'

/** Longest line that is looked at, in characters; the scanner gives no longer ones. */
const mostCharacters = 4_096

/** GitHub's command line: job, step and time. */
const ofGitHub = /^[^\t]{1,120}\t[^\t]{1,120}\t(?=\ufeff?\d{4}-\d\d-\d\dT)/

/** Names of time zones: FAIL and PASS are none. */
const zones =
  'UTC|GMT|[CEW]ES?T|BST|IST|MSK|[ECMP][SD]T|AK[SD]T|HST|BRT|ART|SAST|GST|PKT|ICT|WIB|SGT|HKT|PHT|JST|KST|A[CEW][SD]T|NZ[SD]T'

/** Each begins at the start of the line and has bounded parts only, so that a look at a line is linear. */
const prefixes: readonly RegExp[] = [
  // TeamCity: a time, a level and the step; Bamboo: the stream and a time.
  /^\[\d\d:\d\d:\d\d\] {0,2}[WEFi]?: {0,2}\t? {0,2}(?:\[[^\]]{1,80}\] )?/,
  /^(?:build|error|simple|command)\t\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\t/,
  // The journal with times of ISO 8601: host and program, too.
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.,]{0,10}(?:Z|[+-]\d\d:?\d\d) [\w.-]{1,64} (?:[\w.()@/-]{1,64}\[\d{1,9}\]|kernel): /,
  // A time: ISO 8601, with a comma or a point, in brackets or not; the time of day alone; syslog's, in any language.
  new RegExp(
    String.raw`^\ufeff?[[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[\d.,]{0,12} ?(?:Z|(?:${zones})(?=[ :\]])|[+-]\d\d:?\d\d)?[\])]?[ \t:|-]{0,4}(?:\[\d{1,7}\] )?`,
  ),
  /^[[(]?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?: [AP]M:?)?[\])]?[ \t|-]{1,4}/,
  /^\p{L}{3,5}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d \S{1,64} [^\s:]{1,64}: /u,
  // Runners of many packages: the package and its task, or a number.
  /^@[\w.-]{1,40}\/[\w.-]{1,60}(?::[\w:-]{1,40})?: /,
  /^\[\d{1,3}\] (?=\S)/,
  ofGitHub,
  // Kubernetes and GitLab: the stream; BuildKit: the step and its time; Docker Compose: the service.
  /^std(?:out|err) [FP] /,
  /^\d\d[OE][ +]/,
  /^#\d{1,4} (?:\d{1,6}\.\d{1,3} )?/,
  /^[\w.-]{1,60} {0,40}\| /,
  // Heroku: who of the application wrote it; Google Cloud Build and AWS CodeBuild: the step; git: the other side.
  /^(?:app|heroku)\[[\w.-]{1,60}\]: /,
  /^Step #\d{1,3}(?: - "[^"]{1,80}")?: /,
  /^\[Container\] (?=\d{4})/,
  /^remote: {1,10}(?=\S)/,
  // Nix: the name of what is built.
  /^[a-z][\w.+-]{0,60}> (?=\S)/,
  // The Open Build Service: seconds since the beginning.
  /^\[ {0,6}\d{1,7}s\] /,
  // mock: the level and place of its own code; klog: level, day, time, thread and place.
  /^(?:DEBUG|INFO|ERROR|WARNING) [a-z_]{1,40}\.py:\d{1,5}: {1,4}/,
  /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} {1,8}\d{1,8} [\w.-]{1,80}:\d{1,5}\] /,
  // The frame that Terraform draws.
  /^[│╷╵] {1,2}(?=\S)/,
  // Marks of GitHub and Azure, levels in brackets, ant's and concurrently's names, pytest's mark.
  /^##\[\w{1,20}\]/,
  /^::(?:error|warning|notice)[^:]{0,200}::/,
  /^\[(?:ERROR|FATAL|WARN|WARNING|INFO|DEBUG|TRACE|error|warn|info)\] {0,4}/,
  /^\[[a-z][\w./:-]{0,40}\] /,
  /^E {2,8}(?=\S)/,
]
const mostPrefixes = 5
/** A message within JSON, or within JSON in JSON. */
const escapedQuote = /\\{1,7}"/g

/** GitHub shows each script before it runs it, in light blue; who copies a log may lose the character before the bracket. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: that is how colours begin
const echoed = /^(?:.{0,300}?\dZ )?(?:\x1b|\^\[)?\[36;1m/
/** A command that prints, as a script has it or a shell traces it: what it prints, if it ever does, is the next line. */
const printing = /^(?:[+$] |\+{2,9} )?(?:echo|printf) ["'$]/

/** Whether it is a line of a script that is shown, not what the script says. */
export function isOfScript(bytes: Uint8Array, words: string): boolean {
  if (printing.test(words)) return true
  if (!words.includes('[36;1m') && !bytes.includes(escapeByte)) return false
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(echoBytes, bytes.length))
  return echoed.test(start.toString('latin1'))
}

/** The colour of an echo stands among the first characters, after the name of the job, the step and the time. */
const echoBytes = 320

export function plainLogLine(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
  return withoutEscapes(text.slice(0, mostCharacters))
}

/** Nix shows the last lines of the log of a build so; Gradle's causes stand 0, 3 or 6 columns from the left. */
const nixLogLine = /^ {7}> {0,80}/

/** The line without what stands before the writer's own words, and without the escapes of JSON. */
export function withoutPrefix(line: string): string {
  let rest = line.replace(nixLogLine, '').trimStart()
  for (let round = 0; round < mostPrefixes; round += 1) {
    const hasTab = rest.includes('\t')
    const prefix = prefixes.find((pattern) => (hasTab || pattern !== ofGitHub) && pattern.test(rest))
    if (prefix === undefined) break
    rest = rest.replace(prefix, '').trimStart()
  }
  return rest.includes('\\"') ? rest.replaceAll(escapedQuote, '"') : rest
}
