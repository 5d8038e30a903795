/** systemd of Debian with its users' managers, put into the guest from its packages: nothing of it is installed here. */
import { spawnSync } from 'node:child_process'
import { cpSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cacheFolder, run } from './requirements.ts'

const packages = ['systemd', 'dbus-user-session', 'libpam-systemd']
/** What they need on a machine that is administered; here nobody installs or adds users. */
const unused =
  /^(adduser|debconf|dmsetup|dpkg|gcc-|init-system-helpers|libdb5|libgdbm|libperl|libsemanage|libsepol|passwd|perl|tar|usrmerge)|-perl_/
const unusedFolders = ['bash-completion', 'bug', 'doc', 'lintian', 'locale', 'man', 'zsh']

const keptFolder = join(cacheFolder, 'systemd')
const files = fileURLToPath(new URL('guest/systemd/root', import.meta.url))

/** Downloads the packages as for a machine that has none yet, and keeps those that the guest uses. */
export function prepareSystemd(): string {
  const folder = mkdtempSync(join(tmpdir(), 'plimsoll-packages-'))
  try {
    mkdirSync(join(folder, 'partial'))
    const options = ['Dir::State::status=/dev/null', `Dir::Cache::archives=${folder}`, 'Debug::NoLocking=1']
    const words = ['apt-get', 'install', '--yes', '--quiet', '--no-install-recommends', '--download-only']
    run([...words, ...options.flatMap((option) => ['--option', option]), ...packages], folder)
    rmSync(keptFolder, { recursive: true, force: true })
    mkdirSync(keptFolder, { recursive: true })
    for (const name of globSync('*.deb', { cwd: folder }))
      if (!unused.test(name)) cpSync(join(folder, name), join(keptFolder, name))
    return keptFolder
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Sentences that say what is missing. */
export function missingForSystemd(): readonly string[] {
  if (globSync('systemd_*.deb', { cwd: keptFolder }).length > 0) return []
  return [`there are no packages of systemd in ${keptFolder}; on Debian: npm run test:systemd -- --prepare`]
}

/** Into a root whose folders of programs and libraries are links into `usr`. */
export function addSystemd(root: string): void {
  for (const name of globSync('*.deb', { cwd: keptFolder })) {
    const line = 'dpkg-deb --fsys-tarfile "$0" | tar --extract --keep-directory-symlink --directory "$1"'
    const { status, stderr } = spawnSync('/bin/sh', ['-c', line, join(keptFolder, name), root], {
      encoding: 'utf8',
    })
    if (status !== 0) throw new Error(`${basename(name)} could not be unpacked: ${stderr}`)
  }
  for (const folder of unusedFolders)
    rmSync(join(root, 'usr/share', folder), { recursive: true, force: true })
  cpSync(files, root, { recursive: true })
  mkdirSync(join(root, 'home/user'), { recursive: true })
}
