/** Where the control groups of this process are mounted: /proc/self/cgroup and /proc/self/mountinfo put together. */
import { posix } from 'node:path'

export type GroupKind = 'v1' | 'v2'

/** The directories from the group of this process up to the highest one that can be seen; at most 64. */
export type GroupChain = { readonly kind: GroupKind; readonly directories: readonly string[] }

type Group = { readonly kind: GroupKind; readonly path: string }
type Mount = { readonly kind: GroupKind; readonly root: string; readonly point: string }

const deepestNesting = 64

/** At most one chain for v1 and one for v2: on hybrid machines either may hold the memory controller. */
export function groupChains(cgroupText: string, mountinfoText: string): readonly GroupChain[] {
  const mounts = memoryMounts(mountinfoText)
  return (['v1', 'v2'] as const).flatMap((kind) => {
    const group = ownGroups(cgroupText).find((own) => own.kind === kind)
    return group === undefined ? [] : chainOf(group, mounts)
  })
}

function chainOf({ kind, path }: Group, mounts: readonly Mount[]): readonly GroupChain[] {
  const candidates = mounts.filter((mount) => mount.kind === kind)
  // The mount with the shortest root shows the most ancestors.
  const showing = candidates
    .filter((mount) => isInside(path, mount.root))
    .sort((a, b) => a.root.length - b.root.length)
  if (showing[0] !== undefined) return [{ kind, directories: upwards(showing[0], path) }]
  // No mount shows this group; the top of one is the nearest that can be looked at.
  return candidates.slice(0, 1).map(({ point }) => ({ kind, directories: [point] }))
}

/** Lines are `id:controllers:path`; v2 is the one with id 0 and no controllers. */
function ownGroups(text: string): readonly Group[] {
  return text.split('\n').flatMap((line): readonly Group[] => {
    const [id, controllers = '', ...rest] = line.split(':')
    const path = rest.join(':')
    if (!path.startsWith('/')) return []
    if (id === '0' && controllers === '') return [{ kind: 'v2', path }]
    return controllers.split(',').includes('memory') ? [{ kind: 'v1', path }] : []
  })
}

/** Lines are `id parent major:minor root point options [tags...] - type source superoptions`, see proc(5). */
function memoryMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line): readonly Mount[] => {
    const [before = '', after = ''] = line.split(' - ', 2)
    const [, , , root, point] = before.split(' ')
    const [type, , superOptions = ''] = after.split(' ')
    if (root === undefined || point === undefined) return []
    const place = { root: unescapePath(root), point: unescapePath(point) }
    if (type === 'cgroup2') return [{ kind: 'v2', ...place }]
    const hasMemory = type === 'cgroup' && superOptions.split(',').includes('memory')
    return hasMemory ? [{ kind: 'v1', ...place }] : []
  })
}

/** mountinfo writes space, tab, newline and backslash as \ooo. */
const unescapePath = (path: string): string =>
  path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

/** A path with `..` lies outside of the cgroup namespace: no mount of this namespace shows it. */
const isInside = (path: string, root: string): boolean =>
  !path.split('/').includes('..') && (root === '/' || path === root || path.startsWith(`${root}/`))

function upwards(mount: Mount, path: string): readonly string[] {
  const below = posix.normalize(mount.root === '/' ? path : path.slice(mount.root.length) || '/')
  const names = below.split('/').filter((name) => name !== '')
  const directories = names.map((_, index) =>
    posix.join(mount.point, ...names.slice(0, names.length - index)),
  )
  return [...directories.slice(0, deepestNesting - 1), mount.point]
}
