import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { PlimsollError } from '../../src/errors.ts'
import { openStore, openStoreForReading } from '../../src/store/store.ts'

/** A folder on a real disk, and a file tree in which mountinfo says otherwise. */
class Machine implements Disposable {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'plimsoll-disk-')))
  readonly root = join(this.path, 'root')

  constructor(lines: (folder: string) => readonly string[]) {
    mkdirSync(join(this.root, 'proc/self'), { recursive: true })
    const text = lines(this.path).map((line, index) => `${index + 20} 1 0:${index} / ${line}\n`)
    writeFileSync(join(this.root, 'proc/self/mountinfo'), text.join(''))
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true })
  }
}

const disk = '/ rw,relatime shared:1 - ext4 /dev/vda rw'
const refusedAs = (says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof PlimsollError)
  assert.deepEqual([error.code, error.exitCode], ['STATE_ON_NETWORK', 2])
  assert.match(error.message, says)
  assert.match(error.fix, /--state DIR.*--database/)
  return true
}

for (const type of ['nfs', 'nfs4', 'cifs', 'smb3', 'ceph', 'fuse.sshfs', 'fuse.s3fs', 'fuse.rclone']) {
  test(`a state directory on ${type} is refused before anything is made there, and with the reason`, async () => {
    using machine = new Machine((folder) => [
      disk,
      `${folder} rw shared:2 master:1 - ${type} server:/home rw`,
    ])
    const stateDir = join(machine.path, 'deep', '.plimsoll')
    const says = new RegExp(`\\.plimsoll is on a disk of another machine \\(${type}, server:/home at /.*WAL`)
    await assert.rejects(openStore({ stateDir, root: machine.root }), refusedAs(says))
    assert.equal(existsSync(join(machine.path, 'deep')), false)
    mkdirSync(stateDir, { recursive: true })
    writeFileSync(join(stateDir, 'plimsoll.db'), Buffer.alloc(200))
    await assert.rejects(openStoreForReading({ stateDir, root: machine.root }), refusedAs(says))
  })
}

const kept: Readonly<Record<string, (folder: string) => readonly string[]>> = {
  'on a local disk below a network disk': (folder) => [
    disk,
    `/ rw - nfs4 s:/ rw`,
    `${folder} rw - xfs /dev/b rw`,
  ],
  'beside a network disk whose path begins alike': (folder) => [
    disk,
    `${folder.slice(0, -1)} rw - nfs4 s:/ rw`,
  ],
  'on a network disk that another one covers': (folder) => [
    disk,
    `${folder} rw - nfs4 s:/ rw`,
    `${folder} rw - tmpfs tmpfs rw`,
  ],
  'on FUSE of this machine': (folder) => [disk, `${folder} rw - fuse.mergerfs a:b rw`],
  'on 9p of a virtual machine': (folder) => [disk, `${folder} rw - 9p root rw,trans=virtio`],
  'where mountinfo cannot be understood': () => [
    '',
    '-',
    ' - ',
    '\0',
    'x'.repeat(100_000),
    '\\999 \\777 - \\',
  ],
}
for (const [where, lines] of Object.entries(kept)) {
  test(`a state directory ${where} is taken`, async () => {
    using machine = new Machine(lines)
    const store = await openStore({ stateDir: join(machine.path, '.plimsoll'), root: machine.root })
    await store[Symbol.asyncDispose]()
  })
}

test('a link that leads to a network disk, a path with a space, and a disk of Windows under WSL are seen through', async () => {
  using machine = new Machine((folder) => [
    disk,
    `${folder}/a\\040b\\134 rw - nfs4 s:/ rw`,
    `${folder}/c rw - 9p C:\\134 rw,aname=drvfs;path=C:`,
  ])
  for (const name of ['a b\\', 'c']) {
    mkdirSync(join(machine.path, name))
    const link = join(machine.path, `link ${name}`)
    symlinkSync(join(machine.path, name), link)
    for (const stateDir of [join(machine.path, name), join(link, 'state')])
      await assert.rejects(openStore({ stateDir, root: machine.root }), refusedAs(/another machine/))
  }
})

test('a machine without mountinfo refuses nothing', async () => {
  using machine = new Machine(() => [])
  const root = join(machine.path, 'nowhere')
  await (await openStore({ stateDir: join(machine.path, 'state'), root }))[Symbol.asyncDispose]()
})
