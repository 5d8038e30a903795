import { systemClock } from '../clock.ts'
import {
  type EnforcementHere,
  enforcementHere,
  type MemoryLevel,
  type MemoryMonitor,
  type MemoryReading,
  type MemorySample,
  type MemoryStalls,
  type PressureLevel,
  type Stall,
} from '../memory/memory.ts'
import { memoryBar, plainLine, type Style, styleFor, writeSteadily } from '../report/report.ts'
import { formatSize } from '../units.ts'
import { monitorHere } from './monitor-here.ts'
import { stopSignals } from './stop-signals.ts'
import type { RunCommand } from './words.ts'

const watchIntervalMs = 1_000
const barColumns = 24

const meanings: Readonly<Record<PressureLevel, string>> = {
  calm: 'below the load line',
  tight: 'above the load line, nothing new starts',
  critical: 'near the limit',
}

export const memoryCommand: RunCommand = async (call) => {
  using monitor = monitorHere()
  if (call.flag('watch')) return watch(monitor, call.flag('json'))
  const reading = monitor.read()
  const stalls = monitor.stalls()
  const enforcement = enforcementHere({ clock: systemClock })
  if (call.flag('json'))
    process.stdout.write(jsonLine({ atMs: systemClock.now(), reading }, stalls, { enforcement }))
  else process.stdout.write(render(monitor, { reading, stalls, enforcement }))
  return 0
}

/** Ctrl-C is how it is meant to end, so that is a success; so is a reader that goes away. */
async function watch(monitor: MemoryMonitor, json: boolean): Promise<number> {
  using stop = stopSignals()
  const readerLeft = new AbortController()
  // Node.js revives a standard output that failed, so its state never tells.
  process.stdout.once('error', () => readerLeft.abort())
  const signal = AbortSignal.any([stop.signal, readerLeft.signal])
  const style = styleFor(process.stdout, process.env)
  for await (const sample of monitor.samples({ clock: systemClock, signal, intervalMs: watchIntervalMs })) {
    const line = json ? jsonLine(sample, monitor.stalls()) : watchLine(sample, style)
    await writeSteadily(process.stdout, line)
  }
  return 0
}

/** `pressure` is the short form of `level` for scripts: whether new tasks are held back. */
function jsonLine({ atMs, reading }: MemorySample, stalls: MemoryStalls, more: object = {}): string {
  const pressure = reading.roomBytes < 0
  return `${JSON.stringify({ type: 'memory', atMs, ...reading, pressure, stalls, ...more })}\n`
}

function watchLine({ atMs, reading }: MemorySample, style: Style): string {
  const time = new Date(atMs).toTimeString().slice(0, 8)
  const word = paintLevel(reading.level, style)
  return `${time}  ${memoryBar(reading, barColumns)} ${usedWords(reading)}, ${roomWords(reading)}  ${word}\n`
}

type Facts = {
  readonly reading: MemoryReading
  readonly stalls: MemoryStalls
  readonly enforcement: EnforcementHere
}

function render(monitor: MemoryMonitor, { reading, stalls, enforcement }: Facts): string {
  const style = styleFor(process.stdout, process.env)
  const rows = [
    ['pressure', `${paintLevel(reading.level, style)}: ${meanings[reading.level]}`],
    ['capacity', formatSize(reading.capacityBytes)],
    ['used', `${formatSize(reading.usedBytes)} (${percentUsed(reading)} %)`],
    ['load line', formatSize(reading.loadLineBytes)],
    ['room', roomWords(reading)],
    [
      'stalled',
      `${stallWords(stalls.machine)} on the machine, ${stallWords(stalls.group)} in our control group`,
    ],
  ]
  return [
    ...rows.map(([name = '', text]) => `${name.padEnd(10)} ${text}`),
    'limits, level by level',
    ...reading.limits.map((level) => levelLine(monitor, level)),
    `a task's limit is enforced by: ${enforcement.level}: ${plainLine(enforcement.because)}`,
    ...reading.missing.map((sentence) => `missing: ${plainLine(sentence)}`),
    '',
  ].join('\n')
}

function levelLine(monitor: MemoryMonitor, { source, limitBytes, usedBytes }: MemoryLevel): string {
  const bar =
    limitBytes === null
      ? ' '.repeat(barColumns + 2)
      : memoryBar(
          { capacityBytes: limitBytes, usedBytes, loadLineBytes: monitor.loadLineBelow(limitBytes) },
          barColumns,
        )
  const limit = limitBytes === null ? 'no limit' : formatSize(limitBytes)
  return `  ${bar}  ${formatSize(usedBytes)} used of ${limit}  ${plainLine(source)}`
}

const percentUsed = ({ capacityBytes, usedBytes }: MemoryReading): number =>
  Math.round((100 * usedBytes) / Math.max(1, capacityBytes))

const usedWords = (reading: MemoryReading): string =>
  `${formatSize(reading.usedBytes)} of ${formatSize(reading.capacityBytes)} used (${percentUsed(reading)} %)`

function roomWords({ roomBytes, limitRoomBytes }: MemoryReading): string {
  const toLine =
    roomBytes < 0 ? `${formatSize(-roomBytes)} above the line` : `${formatSize(roomBytes)} to the line`
  return `${toLine}, ${formatSize(Math.max(0, limitRoomBytes))} to the limit`
}

const stallWords = (stall: Stall | null): string =>
  stall === null ? 'not told' : `${stall.some.last10s} % of the last 10 s`

function paintLevel(level: PressureLevel, style: Style): string {
  switch (level) {
    case 'calm':
      return style.green(level)
    case 'tight':
      return style.yellow(level)
    case 'critical':
      return style.red(level)
    default:
      return level satisfies never
  }
}
