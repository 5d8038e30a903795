/** Kinds of lines of which the words are to be taken otherwise: names of tests and files, stacks, messages of several lines. */

/** A test that passed may have any words in its name, and one that may fail (TAP's TODO). */
export const passedTest =
  /^(?:-{3} )?(?:PASS(?:ED)?\b|Passed |[✓✔√] |ok\b|\[ {0,8}(?:OK|PASSED) {0,8}\])|(?:\bPASSED|\.\.\. {0,2}(?:ok|OK|passed))(?: {0,4}[([].{0,40})?\s{0,4}$|^not ok\b.{0,300}# (?:TODO|SKIP)\b|^# {1,8}Failed \(TODO\) test\b/

/** CMake begins each message at the left, and tells on indented lines below what it is about. */
export const ofCMake = /^(?:CMake (?:Deprecation |Developer )?(?:Warning|Error)\b|-- \S)/
export const cmakeWarning = /^CMake (?:Deprecation |Developer )?Warning\b/
export const warningLines = 8

/** What Java and Python print below a line of a logger. */
export const exceptionHead = /^(?:[\w$]{1,60}\.){1,20}[\w$]{0,80}(?:Exception|Error)\b/
export const causedBy = /^Caused by: /
export const isOfException =
  /^(?:at |Caused by: |\.\.\. \d|(?:[\w$]{1,60}\.){1,20}[\w$]{0,80}(?:Exception|Error)\b)/
/** Lines of a stack that are left between the two, at most. */
export const mostFrames = 100
/** A level of its own. */
export const serious = /\b(?:ERROR|FATAL|SEVERE)\b/

/** Names of files and functions may have any words, too: JavaScript, Java, .NET. */
export const stackFrame = /^at .{1,300}[:(].{0,300}\d\)?(?: \{)?$|^at .{1,200} \(native/i

/** GCC, Clang and rustc show the line of the source that they mean, with its number. */
export const sourceLine = /^ {0,8}\d{1,6} {1,8}\| /

/** So are artifacts that Maven fetches: `maven-failsafe-plugin`. */
export const fetched = /^Download(?:ing|ed) from [\w.-]{1,100}: http/
