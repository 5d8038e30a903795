/**
 * The command line: words -> one call -> an exit code. It promises that every error is said once, with its code and
 * what to do, that output which could not be written is told, and that nothing is loaded that the command does not
 * need. It does no work of its own.
 */
import { readFile } from 'node:fs/promises'
import { PlimsollError } from '../errors.ts'
import { packageFile } from '../own-files.ts'
import { commands } from './commands.ts'
import { helpOf, overview } from './help.ts'
import { commandNamed, parseCall } from './parse.ts'
import { watchOutput } from './standard-output.ts'

/** @returns the exit code, when all that was printed has arrived; never rejects. */
export async function main(words: readonly string[]): Promise<number> {
  const options = { json: words.includes('--json'), debug: words.includes('--debug') }
  const say = async (error: unknown, json: boolean): Promise<number> => {
    const { sayError } = await import('./say-error.ts')
    return sayError(error, { ...options, json })
  }
  const output = watchOutput(async (fault) => void (await say(fault, false)))
  const exitCode = await run(words).catch((error: unknown) => say(error, options.json))
  const fault = await output.settled()
  return exitCode === 0 && fault ? fault.exitCode : exitCode
}

async function run(words: readonly string[]): Promise<number> {
  const [name, ...rest] = words
  if (name === 'help') return print(helpAbout(rest))
  if (name === undefined || name === '--help' || name === '-h') return print(overview())
  if (name === '--version') return print(`${await packageVersion()}\n`)
  if (name === '__complete') return await printNames(rest)
  if (name.startsWith('-')) {
    const names = commands.map((command) => command.name).join(', ')
    throw new PlimsollError(
      'USAGE',
      `the first word is ${JSON.stringify(name)}, expected a command: ${names}`,
    )
  }
  const command = commandNamed(name)
  const call = parseCall(command, rest)
  // Whoever lists processes would read the password there; `process.argv` stays as it was.
  if (call.text('database')) process.title = `plimsoll ${name}`
  if (call.flag('help')) return print(helpOf(command))
  const runCommand = await command.load()
  return runCommand(call)
}

/** `plimsoll help deploy` is `plimsoll deploy --help`. @throws USAGE for what is no command */
function helpAbout([name, extra]: readonly string[]): string {
  if (extra !== undefined)
    throw new PlimsollError(
      'USAGE',
      `"plimsoll help" takes one command; ${JSON.stringify(extra)} is too much`,
    )
  return name === undefined || name === '--help' || name === '-h' ? overview() : helpOf(commandNamed(name))
}

function print(text: string): number {
  process.stdout.write(text)
  return 0
}

/** For the scripts of `plimsoll completion`: exit code 1 where no names belong. */
async function printNames(words: readonly string[]): Promise<number> {
  const { complete } = await import('./complete.ts')
  const names = await complete(words)
  return names === undefined ? 1 : print(names.map((name) => `${name}\n`).join(''))
}

async function packageVersion(): Promise<string> {
  const text = await readFile(packageFile, 'utf8')
  return (JSON.parse(text) as { version: string }).version
}
