/** Long logs: the ordinary lines of builds and services, and among them what real tools print when they fail. */
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rules } from '../../src/experts/rules/rules.ts'
import { root } from '../measure.ts'

/** One line in so many is of a failure: more than in most logs that end badly. */
const oneIn = 50

const ordinary = [
  '2026-03-01T10:15:30.123Z [INFO] Compiling module 214 of 980: src/main/java/org/example/cart/Total.java',
  'level=info ts=2026-03-01T10:15:30.500Z caller=http.go:84 msg="request served" path=/cart status=200 duration=3.2ms',
  'gcc -O2 -Wall -Iinclude -c -o build/cart/total.o src/cart/total.c',
  '[ 42%] Building CXX object src/CMakeFiles/shop.dir/cart/total.cpp.o',
  '#12 3.456 Get:7 http://deb.example/debian bookworm/main amd64 libfoo amd64 1.2.3 [214 kB]',
  'ok 214 - the total of an empty cart is nothing',
  'Downloading https://repo.example/maven2/org/example/cart/1.2.3/cart-1.2.3.jar (214 kB at 1.2 MB/s)',
]

/** About 8 MiB of it; what is longer repeats this. */
export function logBlock(): Buffer {
  const failures = globSync('test/experts/logs/*.log', { cwd: root }).flatMap((file) =>
    readFileSync(join(root, file), 'utf8').split('\n'),
  )
  const lines: string[] = []
  for (let bytes = 0; bytes < 8 * 1024 ** 2; ) {
    const at = lines.length
    const line = at % oneIn === 0 ? failures[(at / oneIn) % failures.length] : ordinary[at % ordinary.length]
    lines.push(line ?? '')
    bytes += (line?.length ?? 0) + 1
  }
  return Buffer.from(lines.join('\n'))
}

/** The longest lines that are looked at as they are, each with words of rules, and of who gives up. */
function longLines(): Buffer {
  const words = rules.flatMap(({ log }) => log.split('\n'))
  const lines = words.flatMap((line, at) => [
    line.padEnd(lineCharacters, '\u4e2d'),
    `npm ERR! ${at} error: x `.padEnd(lineCharacters, '\u4e2d'),
    `error: fatal: ${at} `.padEnd(lineCharacters, '\u4e2d'),
  ])
  return Buffer.from(lines.join('\n'))
}

/** Services that complain with each line, each time of another request: about 4 MiB of it. */
function errors(): Buffer {
  const lines: string[] = []
  for (let bytes = 0; bytes < 4 * 1024 ** 2; ) {
    const line = complaint(lines.length)
    lines.push(line)
    bytes += line.length + 1
  }
  return Buffer.from(lines.join('\n'))
}

/** Four in turn, of nginx, a logger, pino and Python, with other names, numbers and times. */
function complaint(at: number): string {
  const name = nameOf(at)
  const time = `10:${two(at / 60)}:${two(at)}`
  const all = [
    `2026/03/01 ${time} [error] 31#31: *${at} connect() failed (111: Connection refused) while connecting to upstream, server: shop, request: "GET /cart/${name} HTTP/1.1", upstream: "http://10.0.0.7:8080/cart/${name}"`,
    `2026-03-01T${time}.123Z ERROR [${name}] cannot place order ${at}: connect ECONNREFUSED 10.0.0.7:6379`,
    `{"level":"error","time":"2026-03-01T${time}.123Z","request":"${name}","err":{"code":"ETIMEDOUT","message":"connect ETIMEDOUT 10.0.0.8:5432"}}`,
    `FileNotFoundError: [Errno 2] No such file or directory: '/srv/${name}/${at}.json'`,
  ]
  return all[at % all.length] ?? ''
}

const two = (count: number): string => `${Math.floor(count) % 60}`.padStart(2, '0')

/** Letters that look like chance and are the same each time (a linear congruence, Numerical Recipes). */
const nameOf = (at: number): string =>
  ((Math.imul(at, 1_664_525) + 1_013_904_223) >>> 0)
    .toString(26)
    .replace(/\d/g, (digit) => 'qrstuvwxyz'[+digit] ?? '')

/** 4 KB in UTF-8. */
const lineCharacters = 1_300

export const blocks = { ordinary: logBlock, long: longLines, errors }
