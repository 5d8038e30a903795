/** What the guest needs from this machine: an emulator, a static shell, cpio, and a kernel from the cache folder. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, cpSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Requirements = {
  readonly qemu: string
  readonly busybox: string
  readonly cpio: string
  /** That of busybox makes no namespace for control groups. */
  readonly unshare: string
  readonly kernel: string
}

/** By program: the Debian package that has it. */
const packages = {
  'qemu-system-x86_64': 'qemu-system-x86',
  busybox: 'busybox-static',
  cpio: 'cpio',
  unshare: 'util-linux',
} as const

/** The kernel for machines in clouds: small, and with everything that the guest uses built in. */
const kernelPackage = 'linux-image-cloud-amd64'

/** `$XDG_CACHE_HOME/plimsoll`, else a folder that `npm ci` removes. */
export const cacheFolder =
  process.env.XDG_CACHE_HOME !== undefined
    ? join(process.env.XDG_CACHE_HOME, 'plimsoll')
    : fileURLToPath(new URL('../../node_modules/.cache/plimsoll', import.meta.url))

/** Either all of them, or sentences that say what is missing and how to get it. */
export function findRequirements(): Requirements | readonly string[] {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    return [`this runs on Linux with an x86-64 processor, not on ${process.platform} with ${process.arch}`]
  const [qemu, busybox, cpio, unshare] = Object.keys(packages).map(programNamed)
  const kernel = globSync('vmlinuz-*', { cwd: cacheFolder }).toSorted().at(-1)
  if (qemu && busybox && cpio && unshare && kernel)
    return { qemu, busybox, cpio, unshare, kernel: join(cacheFolder, kernel) }
  return [
    ...Object.entries(packages).flatMap(([program, name]) =>
      programNamed(program) === undefined
        ? [`${program} is missing; on Debian: apt-get install --no-install-recommends ${name}`]
        : [],
    ),
    ...(kernel === undefined
      ? [
          `there is no kernel (vmlinuz-*) in ${cacheFolder}; on Debian: npm run test:cgroup2 -- --prepare; ` +
            'elsewhere: put one with cgroup v2, NVMe and ext4 built in there',
        ]
      : []),
  ]
}

function programNamed(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Downloads the kernel of Debian, unpacks it and keeps the one file; nothing is installed. */
export function prepareKernel(): string {
  const named = run(['apt-cache', 'depends', '--important', kernelPackage], tmpdir())
  const dependency = /Depends: (linux-image-[\w.+~-]{1,80})/.exec(named)?.[1]
  if (dependency === undefined) throw new Error(`${kernelPackage} names no kernel: run apt-get update first`)
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-kernel-'))
  try {
    run(['apt-get', 'download', dependency], folder)
    const archive = globSync('*.deb', { cwd: folder })[0] ?? ''
    run(['dpkg', '-x', archive, 'unpacked'], folder)
    const kernel = globSync('unpacked/boot/vmlinuz-*', { cwd: folder })[0]
    if (kernel === undefined) throw new Error(`${archive} holds no kernel`)
    mkdirSync(cacheFolder, { recursive: true })
    const kept = join(cacheFolder, basename(kernel))
    cpSync(join(folder, kernel), kept)
    return kept
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

export function run([command = '', ...rest]: readonly string[], cwd: string): string {
  const ended = spawnSync(command, rest, { cwd, encoding: 'utf8', timeout: 120_000 })
  if (ended.error) throw ended.error
  if (ended.status !== 0)
    throw new Error(`${command} ${rest.join(' ')} ended with ${ended.status}: ${ended.stderr}`)
  return ended.stdout
}
