import { PlimsollError } from '../errors.ts'
import { commonOptions } from './common-options.ts'
import type { Command, Option, RunCommand } from './words.ts'

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

const takesNames = ({ positionals = '' }: Command): boolean => /RUN|TASK|\|/.test(positionals)

const scripts: Readonly<Record<string, (commands: readonly Command[]) => string>> = {
  // Names are not given to `compgen -W`, which would expand them; %q writes them so that the shell reads them as words.
  bash: (commands) => `_plimsoll_names() {
  local line="\${COMP_LINE:0:COMP_POINT}" found name
  local -a words
  read -a words <<< "$line"
  [[ "$line" == *[!\\\\][[:space:]] ]] && words+=('')
  found=$("$1" __complete "\${words[@]:1}" 2>/dev/null) || return 1
  local begun="\${words[\${#words[@]}-1]}"
  local kept="\${begun%"\${begun##*[=:]}"}"
  [ -n "$found" ] && while IFS= read -r name; do
    printf -v name %q "\${name#"$kept"}"
    COMPREPLY+=("$name")
  done <<< "$found"
  compopt +o filenames 2>/dev/null
  return 0
}
_plimsoll() {
  local word="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W '${namesOf(commands)} --help --version' -- "$word"))
    return
  fi
  [[ "$word" != -* ]] && _plimsoll_names "$1" && return
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
  local found
  if found=$("\${(Q)words[1]}" __complete "\${(@Q)words[2,CURRENT]}" 2>/dev/null); then
    local -a names
    names=(\${(f)found})
    compadd -a names
    return
  fi
  case "\${words[2]}" in
${commands.map((command) => `    ${command.name}) compadd -- ${optionsOf(command).join(' ')}; _files ;;`).join('\n')}
  esac
}
compdef _plimsoll plimsoll
`,
  fish: (commands) => {
    const names = "'(plimsoll __complete (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'"
    return [
      ...commands.map(
        ({ name, summary }) =>
          `complete -c plimsoll -n __fish_use_subcommand -a ${name} -d '${summary.replaceAll("'", '')}'`,
      ),
      ...[...commands.filter(takesNames), { name: 'help' }].map(
        ({ name }) => `complete -c plimsoll -n '__fish_seen_subcommand_from ${name}' -f -a ${names}`,
      ),
      ...commands.flatMap((command) =>
        Object.entries({ ...command.options, ...commonOptions }).map(
          ([name, option]) =>
            `complete -c plimsoll -n '__fish_seen_subcommand_from ${command.name}' -l ${name}${valueInFish(option, names)} -d '${option.summary.replaceAll("'", '')}'`,
        ),
      ),
      '',
    ].join('\n')
  },
}

function valueInFish({ type, names }: Option, source: string): string {
  if (type !== 'string') return ''
  return names === undefined ? ' -r' : ` -x -a ${source}`
}
