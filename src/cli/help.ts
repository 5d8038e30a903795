import { commands } from './commands.ts'
import { commonOptions } from './common-options.ts'
import type { Command, Option } from './words.ts'

/** The page that `plimsoll --help` prints. */
export function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length))
  return `plimsoll runs the tasks of a deployment in parallel and never loads the machine past its line.

Usage: plimsoll COMMAND [OPTIONS]

Commands:
${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}

Options:
  --version  prints the version of plimsoll
  --help     shows this; "plimsoll COMMAND --help" or "plimsoll help COMMAND" shows the options of one

Start with:
  plimsoll init && plimsoll deploy

Exit codes: 0 success, 1 a task failed, 2 the plan or the command line is wrong (nothing was started),
3 another run holds the lock or the state, 4 a declared need cannot fit in memory, 5 a person must decide, 130 interrupted.
`
}

/** The page that `plimsoll COMMAND --help` prints. */
export function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions })
  const usages = options.map(([name, option]) => usageOf(name, option))
  const width = Math.max(...usages.map((usage) => usage.length))
  const rows = options.map(([, { summary }], index) => `  ${(usages[index] ?? '').padEnd(width)}  ${summary}`)
  return `plimsoll ${command.name}: ${command.summary}

Usage: plimsoll ${[command.name, command.positionals, '[OPTIONS]'].filter(Boolean).join(' ')}

Options:
${rows.join('\n')}

Examples:
${command.examples.map((example) => `  ${example}`).join('\n')}
`
}

function usageOf(name: string, { short, value }: Option): string {
  return `${short ? `-${short}, ` : ''}--${name}${value ? ` ${value}` : ''}`
}
