import { PlimsollError } from '../errors.ts'
import { commonOptions } from './common-options.ts'
import type { Command, RunCommand } from './words.ts'

/** Prints the completion script for one shell; made from the table of commands, so that it is never behind. */
export const completionCommand: RunCommand = async ({ positionals, commands }) => {
  const shell = positionals[0] ?? ''
  const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined
  if (!script) {
    throw new PlimsollError(
      'USAGE',
      `completion is made for bash, zsh or fish, not for ${JSON.stringify(shell)}`,
    )
  }
  process.stdout.write(script(commands))
  return 0
}

const optionsOf = (command: Command): readonly string[] =>
  Object.keys({ ...command.options, ...commonOptions }).map((name) => `--${name}`)

const namesOf = (commands: readonly Command[]): string => commands.map(({ name }) => name).join(' ')

const scripts: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  bash: (commands) => `_plimsoll() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${namesOf(commands)} --help --version' -- "$word"))
    return
  fi
  case "\${COMP_WORDS[1]}" in
${commands.map((command) => `    ${command.name}) COMPREPLY=($(compgen -f -W '${optionsOf(command).join(' ')}' -- "$word")) ;;`).join('\n')}
  esac
}
complete -o filenames -F _plimsoll plimsoll
`,
  zsh: (commands) => `#compdef plimsoll
_plimsoll() {
  if (( CURRENT == 2 )); then
    compadd -- ${namesOf(commands)} --help --version
    return
  fi
  case "\${words[2]}" in
${commands.map((command) => `    ${command.name}) compadd -- ${optionsOf(command).join(' ')}; _files ;;`).join('\n')}
  esac
}
compdef _plimsoll plimsoll
`,
  fish: (commands) =>
    [
      ...commands.map(
        ({ name, summary }) =>
          `complete -c plimsoll -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", '')}'`,
      ),
      ...commands.flatMap((command) =>
        Object.entries({ ...command.options, ...commonOptions }).map(
          ([name, { summary, type }]) =>
            `complete -c plimsoll -n '__fish_seen_subcommand_from ${command.name}' -l ${name}${type === 'string' ? ' -r' : ''} -d '${summary.replaceAll("'", '')}'`,
        ),
      ),
      '',
    ].join('\n'),
}
