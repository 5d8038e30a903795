import { createHmac } from 'node:crypto'

/**
 * `t=SECONDS,v1=HEX`: HMAC-SHA256 of `SECONDS.BODY` with the shared key. The time is part of what is signed, so that an
 * old message cannot be sent again later.
 */
export function signatureOf(key: string, nowMs: number, body: string): string {
  const seconds = Math.floor(nowMs / 1000)
  const digest = createHmac('sha256', key).update(`${seconds}.${body}`).digest('hex')
  return `t=${seconds},v1=${digest}`
}
