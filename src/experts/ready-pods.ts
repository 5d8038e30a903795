/** What `kubectl describe` says of pods and autoscalers: where all is well now, the warnings below it are of earlier. */
import type { LogFindings, Place } from './findings.ts'
import { withoutPrefix } from './plain-line.ts'

const restarted = /Restart Count: {1,20}[1-9]/
const isReady = /(?:ContainersReady|ScalingActive) {1,20}True/
const event = /^Warning {1,20}[A-Z]/

/** Whether this is an event of a pod whose containers are all ready and have never been restarted, or of an autoscaler that has its numbers. */
export function isOfReadyPod({ line, whole }: Place, { marks: { pod } }: LogFindings): boolean {
  if (!event.test(withoutPrefix(whole))) return false
  const states = pod.filter((state) => state.line < line).map((state) => state.whole)
  const before = states.slice(0, -1).findLastIndex((state) => state.includes('ContainersReady'))
  return isReady.test(states.at(-1) ?? '') && !states.slice(before + 1).some((state) => restarted.test(state))
}
