#!/usr/bin/env node
/**
 * The entry of the command line. It has no static imports: an older Node.js must be able to read it and say what is
 * missing, before anything is loaded that it does not know.
 */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > 24 || (major === 24 && minor >= 15)) {
  // The engine shares the machine with what it runs. The first keeps it 20 MB smaller, for a tenth more CPU time; without
  // the middle compiler it is 7 MB smaller for the same CPU time, and what is hot still meets the last one. (With
  // --optimize-for-size beside them, one process in twelve hung in the end of V8; with these none of 200.)
  const { setFlagsFromString } = await import('node:v8')
  setFlagsFromString('--semi-space-growth-factor=1')
  setFlagsFromString('--no-maglev')
  const { main } = await import('./cli.ts')
  const { writeSync } = await import('node:fs')
  let ended = false
  process.on('exit', () => {
    if (!ended) writeSync(2, 'error INTERNAL: plimsoll was ended before its work was done\n')
    if (!ended) process.exitCode = 1
  })
  const exitCode = await main(process.argv.slice(2))
  // What a function of the plan left open must not keep the engine.
  ended = true
  process.exit(exitCode)
} else {
  process.stderr.write(
    `plimsoll needs Node.js 24.15 or newer and was started with ${process.versions.node}: ` +
      'install a newer one, or run it through the npm package "node@24".\n',
  )
  process.exitCode = 2
}

export {}
