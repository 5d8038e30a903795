/** One option of a command. */
export type Option = {
  readonly type: 'string' | 'boolean'
  readonly summary: string
  readonly short?: string
  readonly multiple?: boolean
  /** What the help calls its value. */
  readonly value?: string
  /** What names its value, for the completion of a shell. */
  readonly names?: 'ENVIRONMENT' | 'TASK' | 'ANSWER' | 'RUN'
}

export type Command = {
  readonly name: string
  readonly summary: string
  /** As the help shows them: `[RUN] [TASK]`. */
  readonly positionals?: string
  readonly options: Readonly<Record<string, Option>>
  readonly examples: readonly string[]
  /** Loaded only when the command runs, so that help stays quick. */
  readonly load: () => Promise<RunCommand>
}

/** What was typed, checked against the table. */
export type Call = {
  readonly command: Command
  /** The whole table. */
  readonly commands: readonly Command[]
  readonly positionals: readonly string[]
  readonly text: (option: string) => string | undefined
  readonly texts: (option: string) => readonly string[]
  readonly flag: (option: string) => boolean
}

/** @returns the exit code. */
export type RunCommand = (call: Call) => Promise<number>
