/** A line of a log as its writer wrote it: without colours, and without what a CI system or a logger put before it. */

import { escapeByte, withoutEscapes } from './escapes.ts'
import { ofGitHub, prefixesOf } from './prefixes.ts'

/** Longest line that is looked at, in bytes and in characters; the scanner gives no longer ones. */
export const longestLine = 4_096

/** Jenkins in Docker Compose in the journal. */
const mostPrefixes = 6
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
  return withoutEscapes(text.slice(0, longestLine))
}

/** Nix shows the last lines of the log of a build so; Gradle's causes stand 0, 3 or 6 columns from the left. */
const nixLogLine = /^ {7}> {0,80}/

/** Docker keeps what a container prints so. */
const ofDocker = /^\{"log":"(.*?)(?:\\r)?(?:\\n)?","(?:stream|attrs|time)":.*$/

/** The line without what stands before the writer's own words, and without the escapes of JSON. */
export function withoutPrefix(line: string): string {
  let rest = line.replace(nixLogLine, '').replace(ofDocker, '$1').trimStart()
  for (let round = 0; round < mostPrefixes; round += 1) {
    const hasTab = rest.includes('\t')
    const prefix = prefixesOf(rest).find((pattern) => (hasTab || pattern !== ofGitHub) && pattern.test(rest))
    if (prefix === undefined) break
    rest = rest.replace(prefix, '').trimStart()
  }
  return rest.includes('\\"') ? rest.replaceAll(escapedQuote, '"') : rest
}
