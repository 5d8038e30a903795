/** A model that says 200 MB, in a process of its own: what it needs is not the engine's. Ends with its parent. */
import { ModelServer } from '../../test/experts/circle/model-server.ts'

const answerBytes = Number(process.argv[2])
const piece = '0123456789abcde\n'.repeat(256)

function* pieces(): Iterable<string> {
  for (let bytes = 0; bytes < answerBytes; bytes += piece.length) yield piece
}

const server = await new ModelServer(({ body }) =>
  body.includes('"never"') ? { texts: ['a line of it\n'], end: 'hangs' } : { texts: pieces() },
).listen()
/** So long after an abort is the connection closed: the engine tells when it aborts, by the clock of the machine. */
process.on('message', (message) => {
  if (message !== 'wait') return
  const [socket] = server.sockets
  if (socket === undefined) process.send?.({ closedAtMs: 0 })
  else socket.once('close', () => process.send?.({ closedAtMs: Date.now() }))
})
process.on('disconnect', () => process.exit())
process.send?.({ url: server.url })
