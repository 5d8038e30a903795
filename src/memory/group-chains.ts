/** Where the control groups of this process are mounted: /proc/self/cgroup and /proc/self/mountinfo put together. */
import { posix } from 'node:path'

export type GroupKind = 'v1' | 'v2'

/** The directories from the group of this process up to the highest one that can be seen. */
export type GroupChain = {
  readonly kind: GroupKind
  /** Own group first. At most 64: deeper nesting is not looked at. */
  readonly directories: readonly string[]
  /** False where the mount does not show this group, so that only the top of the mount is looked at. */
  readonly isExact: boolean
}

type Mount = { readonly kind: GroupKind; readonly root: string; readonly point: string }

const deepestNesting = 64

/** At most one chain for v1 and one for v2: on hybrid machines either may hold the memory controller. */
export function groupChains(cgroupText: string, mountinfoText: string): readonly GroupChain[] {
  const mounts = memoryMounts(mountinfoText)
  return ownGroups(cgroupText).flatMap(({ kind, path }) => {
    const candidates = mounts.filter((mount) => mount.kind === kind)
    const showing = candidates.filter((mount) => isInside(path, mount.root))
    // The mount with the shortest root shows the most ancestors.
    const mount = showing.sort((a, b) => a.root.length - b.root.length)[0]
    if (mount !== undefined) return [{ kind, directories: upwards(mount, path), isExact: true }]
    const other = candidates[0]
    return other === undefined ? [] : [{ kind, directories: [other.point], isExact: false }]
  })
}

/** Lines are `id:controllers:path`; v2 is the one with id 0 and no controllers. */
function ownGroups(text: string): readonly { readonly kind: GroupKind; readonly path: string }[] {
  return text.split('\n').flatMap((line) => {
    const [id, controllers = '', ...rest] = line.split(':')
    const path = rest.join(':')
    if (!path.startsWith('/')) return []
    if (id === '0' && controllers === '') return [{ kind: 'v2' as const, path }]
    return controllers.split(',').includes('memory') ? [{ kind: 'v1' as const, path }] : []
  })
}

/** Lines are `id parent major:minor root point options [tags...] - type source superoptions`, see proc(5). */
function memoryMounts(text: string): readonly Mount[] {
  return text.split('\n').flatMap((line) => {
    const [before = '', after = ''] = line.split(' - ', 2)
    const [, , , root, point] = before.split(' ')
    const [type, , superOptions = ''] = after.split(' ')
    if (root === undefined || point === undefined) return []
    const place = { root: unescapePath(root), point: unescapePath(point) }
    if (type === 'cgroup2') return [{ kind: 'v2' as const, ...place }]
    const hasMemory = type === 'cgroup' && superOptions.split(',').includes('memory')
    return hasMemory ? [{ kind: 'v1' as const, ...place }] : []
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
  const directories = names.map((_, index) => posix.join(mount.point, ...names.slice(0, names.length - index)))
  return [...directories.slice(0, deepestNesting - 1), mount.point]
}
