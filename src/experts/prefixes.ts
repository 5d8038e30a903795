/** What CI systems, clusters and loggers put before a line. */

/** GitHub's command line: job, step and time. */
export const ofGitHub = /^[^\t]{1,120}\t[^\t]{1,120}\t(?=\ufeff?\d{4}-\d\d-\d\dT)/

/** Names of time zones: FAIL and PASS are none. */
const zones =
  'UTC|GMT|[CEW]ES?T|BST|IST|MSK|[ECMP][SD]T|AK[SD]T|HST|BRT|ART|SAST|GST|PKT|ICT|WIB|SGT|HKT|PHT|JST|KST|A[CEW][SD]T|NZ[SD]T'

/** What those are called that packages have. */
const scripts = String.raw`(?:pre|post)?(?:build|check|ci|compile|coverage|deploy|dev|e2e|format|generate|install|lint|package|prepare|publish|release|serve|start|test|type-?check|types|unit|validate|verify)[\w:-]{0,40}`

/** Docker Compose and PM2: the service. */
const ofService = /^(?:\d{1,4}\|)?[\w.-]{1,60} {0,40}\| /

/** A time: ISO 8601, with a comma or a point, in brackets or not; the time of day alone. */
const time = new RegExp(
  String.raw`^\ufeff?[[(]?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d:\d\d[\d.,]{0,12} ?(?:Z|(?:${zones})(?=[ :\]])|[+-]\d\d:?\d\d)?[\])]?[ \t:|-]{0,4}(?:\[\d{1,7}\] )?`,
)
const timeOfDay = /^[[(]?\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?: [AP]M:?)?[\])]?[ \t|-]{1,4}/

/** Each begins at the start of the line and has bounded parts only, so that a look at a line is linear. */
const withDigit: readonly RegExp[] = [
  // AWS: the stream, which ends with an id; Fly.io: the application, the region and a level.
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 [^\s:]{1,150}[\]/][0-9a-f-]{8,40} /,
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]{0,10}Z? ?(?:app|runner|proxy|health)\[[\w-]{1,40}\] [a-z]{3} \[[a-z]{1,8}\] ?/,
  // The journal with times of ISO 8601: host and program, too.
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.,]{0,10}(?:Z|[+-]\d\d:?\d\d) [\w.-]{1,64} (?:[\w.()@/-]{1,64}\[\d{1,9}\]|kernel): /,
  time,
  timeOfDay,
  // GitLab: the stream.
  /^\d\d[OE][ +]/,
  ofService,
  ofGitHub,
]

const withSign: readonly RegExp[] = [
  // TeamCity: a time, a level and the step.
  /^\[\d\d:\d\d:\d\d\] {0,2}[WEFi]?: {0,2}\t? {0,2}(?:\[[^\]]{1,80}\] )?/,
  time,
  timeOfDay,
  // syslog: a priority, and in its new form time, host, program, process, kind and data.
  /^<\d{1,3}>(?:1 \S{1,40} \S{1,64} \S{1,64} \S{1,64} \S{1,64} (?:-|\[[^\]]{0,200}\]) \ufeff?)?/,
  // Runners of many packages: a number; BuildKit: the step and its time; AWS CodeBuild.
  /^\[\d{1,3}\] (?=\S)/,
  /^#\d{1,4} (?:\d{1,6}\.\d{1,3} )?/,
  /^\[Container\] (?=\d{4})/,
  ofGitHub,
  // The Open Build Service and the kernel: seconds since the beginning.
  /^\[ {0,6}\d{1,7}(?:s|\.\d{6})\] /,
  // The frame that Terraform draws.
  /^[│╷╵] {1,2}(?=\S)/,
  // Marks of GitHub and Azure, levels in brackets, names of ant, concurrently, Jenkins, Tekton and act.
  /^##(?:\[\w{1,20}\]|vso\[[^\]]{1,300}\])/,
  /^::(?:error|warning|notice)[^:]{0,200}::/,
  /^\[(?:ERROR|FATAL|WARN|WARNING|INFO|DEBUG|TRACE|error|warn|info)\] {0,4}/,
  /^\[(?!Errno |WinError )(?:[a-z]|[A-Z][a-z\d]|[A-Z\d]{2,8}[ /-])[\w./:=', -]{0,80}\] {1,4}(?:\| ?)?/,
]

const withLetter: readonly RegExp[] = [
  // Bamboo: the stream and a time.
  /^(?:build|error|simple|command)\t\d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d\t/,
  // The journal with a day and a zone; syslog's time, in any language.
  /^\p{L}{2,5}\.? \d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? \S{1,6} \S{1,64} [^\s:]{1,64}: /u,
  /^\p{L}{3,5}\.? {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{6})? \S{1,64} [^\s:]{1,64}: /u,
  // Runners of many packages: the package and its task.
  /^@[\w.-]{1,40}\/[\w.-]{1,60}(?::[\w:-]{1,40})?: /,
  new RegExp(String.raw`^[a-z][\w./-]{0,60}:(?:${scripts}): `),
  new RegExp(String.raw`^(?:\.|[\w.@-]{1,60}(?:\/[\w.@-]{1,60}){1,4}) (?:${scripts}): `),
  ofGitHub,
  // Kubernetes: the stream.
  /^std(?:out|err) [FP] /,
  ofService,
  // Earthly: the target; stern: the pod and the container.
  /^[\w./-]{0,60}\+[\w.-]{1,60}(?: \*failed\*)? {0,40}\| /,
  /^[a-z][a-z\d-]{0,60}-[bcdf-hj-np-tv-z\d]{6,10}-[bcdf-hj-np-tv-z\d]{5} [a-z\d][a-z\d-]{0,62} (?=\S)/,
  // Heroku: who of the application wrote it; Google Cloud Build: the step; git: the other side.
  /^(?:app|heroku)\[[\w.-]{1,60}\]: /,
  /^Step #\d{1,3}(?: - "[^"]{1,80}")?: /,
  /^remote: {1,10}(?=\S)/,
  // Nix: the name of what is built.
  /^[a-z][\w.+-]{0,60}> (?=\S)/,
  // mock: the level and place of its own code; klog: level, day, time, thread and place.
  /^(?:DEBUG|INFO|ERROR|WARNING) [a-z_]{1,40}\.py:\d{1,5}: {1,4}/,
  /^[IWEF]\d{4} \d\d:\d\d:\d\d\.\d{6} {1,8}\d{1,8} [\w.-]{1,80}:\d{1,5}\] /,
  // Logback, Spring and Python: level, thread or name.
  /^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,2}(?:\[[^\]]{0,60}\] )?[\w.$]{1,100} {1,2}- /,
  /^(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL) {1,2}\d{1,7} --- (?:\[[^\]]{0,60}\] ){1,2}[\w.$[\]/]{1,80} {0,40}: /,
  /^[\w.]{1,60} - (?:DEBUG|INFO|WARNING|ERROR|CRITICAL) - /,
  // pytest's mark.
  /^E {2,8}(?=\S)/,
]

/** Those that a line may have which begins so: most lines need not be tried for most of them. */
export function prefixesOf(line: string): readonly RegExp[] {
  if (/^\d/.test(line)) return withDigit
  return /^[[(<#:│╷╵\ufeff]/.test(line) ? withSign : withLetter
}

export const allPrefixes: readonly RegExp[] = [...withDigit, ...withSign, ...withLetter]
