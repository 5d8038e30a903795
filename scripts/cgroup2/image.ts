/** The first and only file system of the guest, as a cpio archive: busybox, Node.js, the built package, the tests. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Requirements, run } from './requirements.ts'
import { addSystemd } from './systemd.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const guest = fileURLToPath(new URL('guest', import.meta.url))

export type ImageOptions = {
  readonly image: string
  /** See guest/init. */
  readonly only: string
  /** The guest is one with systemd. */
  readonly isSystemd: boolean
}

/** Writes the archive; not compressed, because the guest would unpack it slowly. */
export function buildImage(requirements: Requirements, { image, only, isSystemd }: ImageOptions): void {
  const root = mkdtempSync(join(tmpdir(), 'plimsoll-guest-'))
  try {
    chmodSync(root, 0o755)
    for (const folder of ['dev', 'proc', 'sys', 'tmp', 'app/node_modules/plimsoll', 'disk'])
      mkdirSync(join(root, folder), { recursive: true })
    for (const folder of ['bin', 'sbin', 'lib', 'lib64']) {
      mkdirSync(join(root, 'usr', folder), { recursive: true })
      symlinkSync(join('usr', folder), join(root, folder))
    }
    if (isSystemd) addSystemd(root)
    copyFileSync(requirements.busybox, join(root, 'bin/busybox'))
    const applets = run([requirements.busybox, '--list'], root).trim().split('\n')
    for (const applet of applets)
      if (!existsSync(join(root, 'bin', applet))) symlinkSync('busybox', join(root, 'bin', applet))
    copyProgram(process.execPath, root)
    copyProgram(requirements.unshare, root)
    copyPackage(root)
    copyFileSync(join(guest, isSystemd ? 'systemd/init' : 'init'), join(root, 'init'))
    copyFileSync(join(guest, 'systemd/run'), join(root, 'app/run'))
    copyTests(join(root, 'app/guest'))
    writeFileSync(join(root, 'app/only'), only)
    pack(requirements.cpio, root, image)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** With the libraries that its loader names. */
function copyProgram(program: string, root: string): void {
  rmSync(join(root, 'bin', basename(program)), { force: true })
  copyFileSync(program, join(root, 'bin', basename(program)))
  for (const [, library = ''] of run(['ldd', program], root).matchAll(/(\/[\w./+-]+) \(0x/g)) {
    mkdirSync(dirname(join(root, library)), { recursive: true })
    copyFileSync(library, join(root, library))
  }
}

/** The built package as if installed, with what it depends on. */
function copyPackage(root: string): void {
  const installed = join(root, 'app/node_modules')
  for (const part of ['package.json', 'dist'])
    cpSync(join(repository, part), join(installed, 'plimsoll', part), { recursive: true })
  const listed = run(['npm', 'ls', '--omit=dev', '--all', '--parseable'], repository).trim().split('\n')
  const own = join(repository, 'node_modules')
  for (const folder of listed.filter((path) => path.startsWith(own)))
    cpSync(folder, join(installed, relative(own, folder)), { recursive: true })
}

/** As JavaScript: under emulation Node.js takes a second or two to strip types. */
function copyTests(folder: string): void {
  mkdirSync(join(folder, 'systemd'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  for (const name of globSync('**/*.ts', { cwd: guest })) {
    const text = stripTypeScriptTypes(readFileSync(join(guest, name), 'utf8'))
    const path = join(folder, name.replace(/\.ts$/, '.js'))
    writeFileSync(path, text.replaceAll(/('\.{1,2}\/[\w-]+)\.ts'/g, "$1.js'"))
  }
}

/** "newc", owned by root: the only kind that the kernel unpacks. */
function pack(cpio: string, root: string, image: string): void {
  const output = openSync(image, 'w')
  const names = ['.', ...globSync('**', { cwd: root })].join('\0')
  try {
    const packed = spawnSync(cpio, ['--create', '--format=newc', '--null', '--quiet', '--owner=0:0'], {
      cwd: root,
      input: names,
      stdio: ['pipe', output, 'inherit'],
    })
    if (packed.status !== 0) throw new Error(`cpio ended with ${packed.status ?? packed.signal}`)
  } finally {
    closeSync(output)
  }
}
