/**
 * Commands for a running process over a Unix socket: one line in, one line out. Whoever answers on the socket is
 * the process that is meant, so nothing here needs a process id, and only the owner of the socket may speak.
 */
import { chmod, rm } from 'node:fs/promises'
import { connect, createServer, type Socket } from 'node:net'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'

export type Commands = Readonly<Record<string, (argument: string) => string | Promise<string>>>

/** Where the front door and each release listen for commands. */
export const frontDoorSocket = (data: string): string => resolve(data, 'front-door.sock')
export const releaseSocket = (data: string, port: string): string => resolve(data, `${port}.sock`)

/** Call it when the process already owns its port: the socket file of a predecessor that crashed is replaced. */
export async function listenForCommands(path: string, commands: Commands): Promise<void> {
  await rm(path, { force: true })
  const server = createServer({ allowHalfOpen: true }, (socket) => void answer(socket, commands))
  server.listen(path)
  await new Promise((listening, failed) => server.once('listening', listening).once('error', failed))
  await chmod(path, 0o600)
}

async function answer(socket: Socket, commands: Commands): Promise<void> {
  socket.on('error', () => socket.destroy())
  try {
    const [name = '', argument = ''] = (await text(socket)).trim().split(' ')
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined
    if (!command) throw new Error(`"${name}" is no command; there are: ${Object.keys(commands).join(', ')}`)
    socket.end(`ok ${await command(argument)}`)
  } catch (error) {
    socket.end(`error ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The answer to one command; null when no process listens. A process that ends without a word answered "". */
export async function ask(path: string, command: string): Promise<string | null> {
  const socket = connect({ path, allowHalfOpen: true })
  try {
    socket.end(`${command}\n`)
    const reply = await text(socket)
    if (reply.startsWith('error ')) throw new Error(reply.slice('error '.length))
    return reply.slice('ok '.length)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'ENOENT' || code === 'ECONNREFUSED') return null
    // The process that was told to stop may be gone before the whole farewell is read.
    if (code === 'ECONNRESET' || code === 'EPIPE') return ''
    throw error
  }
}
