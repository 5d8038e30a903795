/** Disks that are on another machine. SQLite's WAL needs memory that processes share, so all must be on one machine. */
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { PlimsollError } from '../errors.ts'

/** Types as the kernel names them in mountinfo. */
const kernelTypes = 'nfs nfs4 cifs smb3 smbfs ncpfs afs coda ceph lustre beegfs gpfs orangefs glusterfs davfs'
const fuseTypes = `sshfs glusterfs ceph ceph-fuse s3fs goofys gcsfuse rclone juicefs blobfuse blobfuse2 davfs davfs2
  smbnetfs curlftpfs mfs lizardfs seaweedfs`
const networkTypes: ReadonlySet<string> = new Set([
  ...kernelTypes.split(' '),
  ...fuseTypes.split(/\s+/).map((name) => `fuse.${name}`),
])

type Mount = {
  readonly point: string
  readonly type: string
  readonly source: string
  readonly options: string
}

/** @throws STATE_ON_NETWORK. Where there is no mountinfo (macOS), nobody knows, and nothing is refused. */
export function refuseNetworkDisk(stateDir: string, root = '/'): void {
  const mount = mountOf(stateDir, join(root, 'proc/self/mountinfo'))
  if (mount === null || !isNetwork(mount)) return
  throw new PlimsollError(
    'STATE_ON_NETWORK',
    `${stateDir} is on a disk of another machine (${mount.type}, ${mount.source} at ${mount.point}): SQLite's WAL needs memory that processes share, which ends at the machine's border`,
  )
}

/** Windows' own disks under WSL come as 9p, and lose what SQLite locks there; other 9p is a machine of its own. */
const isNetwork = ({ type, options }: Mount): boolean =>
  networkTypes.has(type) || (type === '9p' && options.includes('aname=drvfs'))

/** Of all mounts that hold the path the deepest, and of those at one place the last: it covers the others. */
function mountOf(path: string, mountinfo: string): Mount | null {
  const real = realPathOf(resolve(path))
  let deepest: Mount | null = null
  for (const mount of mountsIn(mountinfo)) {
    const isAbove = !relative(mount.point, real).startsWith('..')
    if (isAbove && mount.point.length >= (deepest?.point.length ?? 0)) deepest = mount
  }
  return deepest
}

/** What does not exist yet will be made in what does. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    const above = dirname(path)
    return above === path ? path : join(realPathOf(above), relative(above, path))
  }
}

/** https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html */
function mountsIn(file: string): readonly Mount[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'latin1')
    .split('\n')
    .flatMap((line) => {
      const [before = '', after = ''] = line.split(' - ')
      const point = before.split(' ')[4]
      const [type, source, options] = after.split(' ')
      return point === undefined || type === undefined
        ? []
        : [{ point: unescaped(point), type, source: unescaped(source ?? ''), options: options ?? '' }]
    })
}

/** Space, tab, newline and backslash are \ooo there; what it has as bytes is UTF-8. */
const unescaped = (text: string): string =>
  Buffer.from(
    text.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    'latin1',
  ).toString('utf8')
