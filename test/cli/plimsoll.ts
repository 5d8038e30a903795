/** Runs the real command line in a folder of its own. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

export const mainFile = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

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
