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

/** A service that complains with each line: about 4 MiB of it. */
function errors(): Buffer {
  const lines: string[] = []
  for (let bytes = 0; bytes < 4 * 1024 ** 2; ) {
    const line = `2026-03-01 10:15:30 ERROR connect ECONNREFUSED 10.0.0.7:6379 (attempt ${lines.length})`
    lines.push(line)
    bytes += line.length + 1
  }
  return Buffer.from(lines.join('\n'))
}

/** 4 KB in UTF-8. */
const lineCharacters = 1_300

export const blocks = { ordinary: logBlock, long: longLines, errors }
