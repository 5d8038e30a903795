/** Digests of real files and of tasks that stand beside them. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type DigestContext, digestTask, type TaskDigest } from '../../src/inputs/inputs.ts'
import { parsePlan } from '../../src/plan/plan.ts'
import { createRedactor } from '../../src/redact/redact.ts'
import type { Plan } from '../../src/spine.ts'

export class Tree implements Disposable {
  readonly dir = mkdtempSync(join(tmpdir(), 'plimsoll-inputs-'))

  async write(name: string, content: string, mode = 0o644): Promise<void> {
    const path = join(this.dir, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    await chmod(path, mode)
  }

  makeDirectory(name: string): void {
    mkdirSync(join(this.dir, name), { recursive: true })
  }

  plan(text: string): Plan {
    return parsePlan(text, { file: join(this.dir, 'plimsoll.yaml'), variables: {} })
  }

  /** Of the first task of a plan. */
  digest(plan: Plan, context: Partial<DigestContext> = {}): Promise<TaskDigest> {
    const [task] = plan.tasks
    if (task === undefined) throw new Error('the plan has no task')
    return digestTask(task, {
      ...{ plan, stateDir: join(this.dir, '.plimsoll'), key: null },
      ...{ values: { secrets: {}, outputOf: () => undefined }, masker: createRedactor([]) },
      signal: new AbortController().signal,
      ...context,
    })
  }

  /** Names of the files that a list of globs means, in order. */
  async names(globs: readonly string[]): Promise<readonly string[]> {
    const tasks = { t: { run: 'true', inputs: globs } }
    const { parts } = await this.digest(this.plan(JSON.stringify({ name: 'p', tasks })))
    return [...(parts?.keys() ?? [])].flatMap((name) => (name.startsWith('file ') ? [name.slice(5)] : []))
  }

  [Symbol.dispose](): void {
    rmSync(this.dir, { recursive: true, force: true })
  }
}
