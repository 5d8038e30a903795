import { type Clock, systemClock } from '../../src/clock.ts'

/** Time in which everything takes a share of what it takes: leases of seconds are over in less. */
export function fastClock(factor: number): Clock {
  return {
    now: systemClock.now,
    monotonic: () => systemClock.monotonic() * factor,
    uptime: () => systemClock.uptime() * factor,
    sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
    every: (ms, callback) => systemClock.every(ms / factor, callback),
  }
}
