/** What others make of a storm inside the same group. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { measure, root } from '../measure.ts'
import { openMemoryGroup } from '../memory-group.ts'
import { limitBytes } from './deployments.ts'
import { type Eater, taskWords } from './workload.ts'

export type Peer = {
  readonly name: string
  readonly isThere: () => boolean
  /** Given the shell lines of all tasks, the words that run them, 10 at once. */
  readonly words: (lines: readonly string[], folder: string) => readonly string[]
}

export type Endured = { readonly wallMs: number; readonly kernelKills: number; readonly lost: number }

const has = (command: string) => (): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
const pLimit = join(root, 'bench/peers/node_modules/p-limit/index.js')

const inFile = (folder: string, name: string, text: string): string => {
  const file = join(folder, name)
  writeFileSync(file, text)
  return file
}

export const peers: readonly Peer[] = [
  {
    name: 'GNU parallel -j10',
    isThere: has('parallel'),
    words: (lines, folder) => [
      'parallel',
      '--will-cite',
      '-j10',
      '-a',
      inFile(folder, 'lines', lines.join('\n')),
    ],
  },
  {
    name: 'GNU parallel -j10 --memfree 100M',
    isThere: has('parallel'),
    words: (lines, folder) => [
      ...['parallel', '--will-cite', '-j10', '--memfree', '100M', '--retries', '3'],
      ...['-a', inFile(folder, 'lines', lines.join('\n'))],
    ],
  },
  {
    name: 'make -k -j10',
    isThere: has('make'),
    words: (lines, folder) => {
      const names = lines.map((_, index) => `r${index}`)
      const rules = lines.map((line, index) => `r${index}:\n\t@${line}\n`)
      const file = inFile(folder, 'Makefile', `all: ${names.join(' ')}\n${rules.join('')}`)
      return ['make', '-s', '-k', '-j10', '-f', file]
    },
  },
  {
    name: 'p-limit(10) with spawn',
    isThere: () => existsSync(pLimit),
    words: (lines) => {
      const program = `
        import { spawn } from 'node:child_process'
        import pLimit from ${JSON.stringify(pLimit)}
        const limit = pLimit(10)
        const run = (line) => new Promise((end) => spawn('sh', ['-c', line]).on('close', end))
        await Promise.all(${JSON.stringify(lines)}.map((line) => limit(run, line)))`
      return [process.execPath, '--input-type=module', '--eval', program]
    },
  },
]

/** A task that was killed is lost: nobody started it again, or not often enough. */
export async function endure(peer: Peer, folder: string, tasks: readonly Eater[]): Promise<Endured> {
  const done = join(folder, 'done')
  rmSync(done, { recursive: true, force: true })
  mkdirSync(done, { recursive: true })
  const lines = [...taskWords(folder, tasks)].map(
    ([name, words]) => `${words.map((word) => `'${word}'`).join(' ')} && : > '${join(done, name)}'`,
  )
  using group = openMemoryGroup('peer', limitBytes)
  if (group === undefined) throw new Error('no memory control group can be made here: run it as root')
  const words = ['sh', '-c', '"$@"; exit 0', 'sh', ...peer.words(lines, folder)]
  const { wallMs } = await measure(group.wrap(words), { cwd: folder })
  return { wallMs, kernelKills: group.kernelKills(), lost: tasks.length - readdirSync(done).length }
}
