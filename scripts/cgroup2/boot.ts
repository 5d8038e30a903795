/** Boots the guest under software emulation, shows its console, and ends it in any case. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { stripVTControlCharacters } from 'node:util'
import type { Requirements } from './requirements.ts'

/** Printed by guest/init; an emulator has no exit code of its own to hand on. */
const marker = /^plimsoll-guest exit code (\d{1,3})$/
/** What the firmware and the kernel say before that is of no interest, unless nothing follows. */
const firstWord = 'guest: '
const isFromInit = (line: string): boolean => line.includes(firstWord)
const memoryMb = 1_024
const kernelOptions = ['console=ttyS0', 'loglevel=1', 'panic=-1', 'psi=1', 'mitigations=off']
/** What a machine has that is used for more than these tests. */
const masked = [
  ...['dev-hugepages.mount', 'dev-mqueue.mount', 'sys-kernel-debug.mount', 'sys-kernel-tracing.mount'],
  ...['modprobe@configfs.service', 'modprobe@dm_mod.service', 'modprobe@drm.service'],
  ...['modprobe@fuse.service', 'modprobe@loop.service', 'systemd-modules-load.service'],
  ...['systemd-journald.service', 'systemd-journald.socket', 'systemd-journald-dev-log.socket'],
  ...['systemd-journald-audit.socket', 'systemd-journal-flush.service', 'systemd-random-seed.service'],
  ...['systemd-sysusers.service', 'systemd-update-utmp.service', 'systemd-remount-fs.service'],
]
/** The unit with the tests, and no lines about other units among theirs. */
const systemdOptions = [
  ...['systemd.unit=guest.service', 'systemd.show_status=no'],
  ...masked.map((unit) => `systemd.mask=${unit}`),
]
/** Read through the page cache by the tests. */
const diskBytes = 256 * 2 ** 20

export type Booted = { readonly exitCode: number | null; readonly lines: readonly string[] }

type BootOptions = {
  readonly folder: string
  readonly image: string
  readonly longestSeconds: number
  readonly isSystemd: boolean
}

/** Null when the guest ended, or was ended after `longestSeconds`, without an exit code. */
export async function boot(
  requirements: Requirements,
  { folder, image, longestSeconds, isSystemd }: BootOptions,
): Promise<Booted> {
  const disk = join(folder, 'disk')
  writeFileSync(disk, '')
  truncateSync(disk, diskBytes)
  // Never kvm: the device may be there and hang. `timeout` also ends the guest when this process is killed.
  const words = [
    ...['--kill-after=5', String(longestSeconds), requirements.qemu],
    ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-smp', '2', '-m', String(memoryMb)],
    ...['-nographic', '-no-reboot', '-nic', 'none', '-kernel', requirements.kernel, '-initrd', image],
    ...['-drive', `file=${disk},format=raw,if=none,id=disk`, '-device', 'nvme,drive=disk,serial=plimsoll'],
    ...['-append', [...kernelOptions, ...(isSystemd ? systemdOptions : [])].join(' ')],
  ]
  const child = spawn('timeout', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  const end = (): void => void child.kill('SIGTERM')
  process.on('exit', end)
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130))
  const ended = once(child, 'close')
  const lines: string[] = []
  let exitCode: number | null = null
  for await (const raw of createInterface({ input: child.stdout })) {
    const line = stripVTControlCharacters(raw).trimEnd()
    lines.push(line)
    const code = marker.exec(line)?.[1]
    if (code !== undefined) exitCode = Number(code)
    else if (lines.some(isFromInit)) console.log(line.slice(Math.max(0, line.indexOf(firstWord))))
  }
  await ended
  process.off('exit', end)
  return { exitCode, lines }
}
