/**
 * Ours and its peers, each in a process of its own and in turn. The peers are no dependencies of the project: they have
 * a package and a lockfile of their own in bench/peers/, installed when they are first wanted.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { measure, root } from './measure.ts'

export const peersFolder = join(root, 'bench/peers')

/** @throws when they are not there and cannot be installed, with what to do. */
export async function installPeers(): Promise<void> {
  const { dependencies } = JSON.parse(readFileSync(join(peersFolder, 'package.json'), 'utf8'))
  const wanted: readonly (readonly [string, string])[] = Object.entries(dependencies)
  if (wanted.every(([name, version]) => installedVersion(name) === version)) return
  const words = [
    'npm',
    'ci',
    '--prefix',
    'bench/peers',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
  ] as const
  try {
    await measure([...words])
  } catch (cause) {
    const names = wanted.map((pair) => pair.join('@')).join(', ')
    throw new Error(
      `This benchmark compares with ${names}, which could not be installed.\nRun "${words.join(' ')}" where the package registry can be reached, then again.`,
      { cause },
    )
  }
}

function installedVersion(name: string): string | undefined {
  const file = join(peersFolder, 'node_modules', name, 'package.json')
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : undefined
}

export type Contest<Seen> = {
  readonly contestants: readonly string[]
  readonly rounds: number
  readonly see: (contestant: string) => Promise<Seen>
}

/** In turns, so that a busy moment of the machine does not hit one of them only. */
export async function inTurns<Seen>({
  contestants,
  rounds,
  see,
}: Contest<Seen>): Promise<ReadonlyMap<string, readonly Seen[]>> {
  const all = new Map<string, Seen[]>(contestants.map((contestant) => [contestant, []]))
  for (let round = 0; round < rounds; round += 1)
    for (const [contestant, seen] of all) seen.push(await see(contestant))
  return all
}

/** What a program of bench/peers/ prints when it is done: one line of JSON. */
export async function seeProgram<Seen>(file: string, words: readonly (string | number)[]): Promise<Seen> {
  const { stdout } = await measure([process.execPath, join(peersFolder, file), ...words.map(String)])
  return JSON.parse(stdout)
}
