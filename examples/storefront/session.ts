/**
 * Visitors carry a signed cookie. All releases sign with the same key, so nobody is logged out by a deployment;
 * the key reaches only the task that starts a release.
 */
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export const newVisitor = (): string => randomUUID()

export function signed(visitor: string, key: string): string {
  return `${visitor}.${createHmac('sha256', key).update(visitor).digest('base64url')}`
}

/** Null when there is no cookie, or one that this key did not sign. */
export function visitorOf(request: IncomingMessage, key: string): string | null {
  const [, cookie = '', visitor = ''] =
    /\bvisitor=(([0-9a-f-]{36})\.[\w-]{43})/.exec(request.headers.cookie ?? '') ?? []
  const ours = Buffer.from(signed(visitor, key))
  const theirs = Buffer.from(cookie)
  return ours.length === theirs.length && timingSafeEqual(ours, theirs) ? visitor : null
}
