import { PlimsollError } from '../errors.ts'
import { formatSize } from '../units.ts'
import { counters } from './counters.ts'
import { payloadBytes } from './payload.ts'

/** What nobody knows the size of is let through. @throws RETRY_PAYLOAD_TOO_LARGE */
export function checkPayload(payload: unknown, maxPayloadBytes: number): void {
  if (maxPayloadBytes === Number.POSITIVE_INFINITY) return
  const bytes = payloadBytes(payload)
  if (bytes === null || bytes <= maxPayloadBytes) return
  counters.refusedPayloads += 1
  throw new PlimsollError(
    'RETRY_PAYLOAD_TOO_LARGE',
    `the payload has ${formatSize(bytes)}, more than maxPayloadSizeMb allows, ${formatSize(maxPayloadBytes)}; nothing was sent`,
  )
}
