/** The chunks of a log as UTF-8, also when it is UTF-16: with a byte order mark, or with every other byte 0. */
export async function* bytesOfText(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  let decoder: ReturnType<typeof decoderFor> | undefined
  for await (const chunk of chunks) {
    if (decoder === undefined && chunk.length > 0) decoder = decoderFor(chunk)
    if (decoder) yield Buffer.from(decoder.decode(chunk, { stream: true }))
    else yield chunk
  }
}

/** So many bytes decide. */
const looked = 512

function decoderFor(first: Uint8Array) {
  const [one, two] = first
  if (one === 0xff && two === 0xfe) return new TextDecoder('utf-16le')
  if (one === 0xfe && two === 0xff) return new TextDecoder('utf-16be')
  const head = first.subarray(0, looked)
  const zeros = [0, 0]
  for (const [at, byte] of head.entries()) if (byte === 0) zeros[at % 2] = (zeros[at % 2] ?? 0) + 1
  const [even = 0, odd = 0] = zeros
  if (odd > head.length * 0.4 && even * 8 < odd) return new TextDecoder('utf-16le')
  if (even > head.length * 0.4 && odd * 8 < even) return new TextDecoder('utf-16be')
  return null
}
