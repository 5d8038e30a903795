/** Runs the real command line in a folder of its own. */
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

const inStepFile = new URL('in-step.ts', import.meta.url).href

export type Child = ChildProcessByStdio<null, Readable, Readable>
export type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string }

export class Folder implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'plimsoll-cli-'))

  write(name: string, content: string): void {
    writeFileSync(join(this.path, name), content)
  }

  /** Runs `plimsoll` with these words here, to its end. */
  async plimsoll(words: readonly string[], variables: NodeJS.ProcessEnv = {}): Promise<Ended> {
    const child = this.start(words, variables)
    const [stdout, stderr, [code]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close'),
    ])
    return { code, stdout, stderr }
  }

  start(words: readonly string[], variables: NodeJS.ProcessEnv = {}): Child {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    return spawn(process.execPath, [mainFile, ...words], { ...this.here(variables), stdio })
  }

  /** Runs it to its end in step: at each line of its standard output it stands still until `onLine` has seen that. */
  async inStep(
    words: readonly string[],
    onLine: (line: string, child: ChildProcess) => void,
  ): Promise<Omit<Ended, 'stdout'>> {
    const child: ChildProcess = spawn(process.execPath, ['--import', inStepFile, mainFile, ...words], {
      ...this.here(),
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    })
    const [, stdout, stderr, next] = child.stdio as [null, Readable, Readable, Writable, undefined]
    // Perhaps it was killed.
    next.on('error', () => undefined)
    const ended = Promise.all([text(stderr), once(child, 'close')])
    for await (const line of createInterface({ input: stdout })) {
      onLine(line, child)
      next.write('.')
    }
    const [said, [code]] = await ended
    return { code, stderr: said }
  }

  /** Where processes are started, and with what around them. */
  protected here(variables: NodeJS.ProcessEnv = {}) {
    const { FORCE_COLOR, NO_COLOR, CI, NODE_TEST_CONTEXT, ...inherited } = process.env
    return { cwd: this.path, env: { ...inherited, ...variables } }
  }

  /** A task that outlives its engine may still write here: then it is tried again. */
  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 10 })
  }
}

/** The objects of an output of JSON lines. */
export const jsonLines = (output: string): readonly Record<string, unknown>[] =>
  output
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
