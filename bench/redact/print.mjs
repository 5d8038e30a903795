// Prints the file that TEXT names, cut into pieces at random places, and hands on and fails with some of it.
import { appendFileSync, readFileSync, writeSync } from 'node:fs'

const text = readFileSync(process.env.TEXT)
for (let at = 0; at < text.length; ) {
  const size = 1 + Math.floor(Math.random() * 5_000)
  at += writeSync(1 + (at % 2), text.subarray(at, at + size))
}
const lines = text.toString().split('\n')
const first = lines.find((line) => line.startsWith('using ')) ?? ''
appendFileSync(process.env.PLIMSOLL_OUTPUT, `found=${first}\ninjected=${process.env.INJECTED}\n`)
for (const encoding of ['base64', 'hex'])
  console.log(Buffer.from(`<${process.env.INJECTED}>`).toString(encoding))
console.log(encodeURIComponent(process.env.INJECTED), JSON.stringify({ value: process.env.INJECTED }))
console.error(first)
process.exitCode = Number(process.env.EXIT ?? 0)
