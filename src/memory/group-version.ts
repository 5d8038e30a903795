import { join } from 'node:path'
import { type GroupChain, type GroupKind, groupChains } from './group-chains.ts'
import { textOf } from './text-file.ts'

/**
 * Of which version the control groups are that tell the limits of memory around this process. Null where none is seen: a
 * directory that is mounted somewhere says nothing as long as /proc does not say where in it we are.
 */
export function groupVersionHere(root = '/'): GroupKind | null {
  const text = (...path: readonly string[]): string => textOf(join(root, ...path))
  const tells = ({ kind, directories }: GroupChain): boolean =>
    directories.some((directory) =>
      kind === 'v1'
        ? text(directory, 'memory.limit_in_bytes') !== ''
        : text(directory, 'memory.max') !== '' ||
          text(directory, 'cgroup.controllers').trim().split(' ').includes('memory'),
    )
  return groupChains(text('proc/self/cgroup'), text('proc/self/mountinfo')).find(tells)?.kind ?? null
}
