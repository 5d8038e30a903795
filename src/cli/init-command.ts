import { writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { makeDirectory } from '../directories.ts'
import { PlimsollError, systemCodeOf } from '../errors.ts'
import { planSchema } from '../plan/plan.ts'
import { shellWord } from '../report/report.ts'
import type { RunCommand } from './words.ts'

const schemaName = 'plimsoll.schema.json'

/** Runs as it is, and shows the words that most plans need. */
const starter = `# yaml-language-server: $schema=./${schemaName}
name: starter
version: \${GIT_SHA:-dev}

vars: { GREETING: "hello" }

defaults: { timeout: 10m }

tasks:
  build:
    run: |
      mkdir -p build
      echo "$GREETING from version $PLIMSOLL_VERSION" > build/page.txt
      echo "size=$(wc -c < build/page.txt | tr -d ' ')" >> "$PLIMSOLL_OUTPUT"
    undo: { exec: [rm, -rf, build] }

  check:
    needs: [build]
    exec: [grep, "\${GREETING}", build/page.txt]

  report:
    needs: [check]
    env: { SIZE: "\${tasks.build.outputs.size}" }
    run: echo "the page has $SIZE bytes"
`

/** Writes the plan and its schema; what is there already stays as it is. */
export const initCommand: RunCommand = async (call) => {
  const [named] = call.positionals
  const file = resolve(named ?? 'plimsoll.yaml')
  const schema = join(dirname(file), schemaName)
  const say = (written: string, words: string): void => {
    const line = call.flag('json') ? JSON.stringify({ type: 'written', file: written }) : words
    process.stdout.write(`${line}\n`)
  }
  makeDirectoryFor(file)
  await writeNew(file, starter)
  say(file, `wrote ${file}`)
  await writeNew(schema, schemaText()).then(
    () => say(schema, `wrote ${schema}, by which editors complete the plan`),
    (error: unknown) => {
      if (!(error instanceof PlimsollError)) throw error
    },
  )
  const plan = named === undefined ? '' : ` ${shellWord(named)}`
  if (!call.flag('json')) process.stdout.write(`next: plimsoll plan${plan}, then plimsoll deploy${plan}\n`)
  return 0
}

export const schemaCommand: RunCommand = async () => {
  process.stdout.write(schemaText())
  return 0
}

const schemaText = (): string => `${JSON.stringify(planSchema(), null, 2)}\n`

function makeDirectoryFor(file: string): void {
  try {
    makeDirectory(dirname(file))
  } catch (cause) {
    throw new PlimsollError('STATE_UNWRITABLE', `the directory ${dirname(file)} could not be made`, { cause })
  }
}

async function writeNew(file: string, text: string): Promise<void> {
  try {
    await writeFile(file, text, { flag: 'wx' })
  } catch (cause) {
    if (systemCodeOf(cause) !== 'EEXIST')
      throw new PlimsollError('STATE_UNWRITABLE', `${file} could not be written`, { cause })
    throw new PlimsollError('USAGE', `${file} exists already`, {
      cause,
      fix: 'Name another file: plimsoll init FILE',
    })
  }
}
