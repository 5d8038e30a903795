/**
 * How our own threads are started: without the flags of a test runner or loader, and without a copy of the environment,
 * which may hold secrets.
 */
import { env } from 'node:process'

type ThreadOptions = {
  readonly name: string
  readonly execArgv: string[]
  readonly env: Record<string, string>
}

/** What Node.js has compiled before is read by the thread as well, where NODE_COMPILE_CACHE says where that is kept. */
export function threadOptions(name: string): ThreadOptions {
  const { NODE_COMPILE_CACHE: compiled } = env
  return { name, execArgv: [], env: compiled === undefined ? {} : { NODE_COMPILE_CACHE: compiled } }
}
