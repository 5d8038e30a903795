import { show } from './problems.ts'

/** What /bin/sh hands on to a command; it drops every other name without a word. At most 200 characters. */
export const variablePattern = '^[A-Za-z_][A-Za-z0-9_]{0,199}$'
const handedOn = new RegExp(variablePattern)

/** Set by the shell around every command, or by the engine to find a task's processes: another value would not arrive. */
const taken: ReadonlySet<string> = new Set(['PWD', 'PPID', 'IFS', 'OPTIND', 'PLIMSOLL_TOKEN'])

/** What `${NAME}` means without being a variable of the plan. */
export const builtIn: readonly string[] = ['version', 'environment', 'plan']

/** Why a task cannot be given an environment variable of this name, or undefined when it can. */
export function environmentProblem(name: string): string | undefined {
  if (taken.has(name)) return `the variable ${show(name)} is set for every task, expected another name`
  if (handedOn.test(name)) return undefined
  const allowed = 'a name of letters, digits and "_", without a digit first, at most 200 characters'
  return `found the variable ${show(name)}, expected ${allowed}${nearestAllowed(name)}`
}

/** The same for `vars` and --var, whose names also stand in `${NAME}`. */
export function variableProblem(name: string): string | undefined {
  if (builtIn.includes(name)) return `the variable ${show(name)} is built in, expected another name`
  if (name.startsWith('PLIMSOLL_'))
    return `the variable ${show(name)} belongs to the engine, expected a name that does not begin with PLIMSOLL_`
  return environmentProblem(name)
}

/** `my-name` was meant as `my_name`. */
function nearestAllowed(name: string): string {
  if (name.length > 200 || !/^[\w.: -]*[A-Za-z][\w.: -]*$/.test(name)) return ''
  const nearest = name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')
  return handedOn.test(nearest) ? `; did you mean ${show(nearest)}?` : ''
}
