/** Writes docs/errors.md from the table in src/errors.ts; a test compares the two. */
import { writeFileSync } from 'node:fs'
import { errorTable } from '../src/errors.ts'

export function errorsPage(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { exitCode, fix }]) => `| \`${code}\` | ${exitCode} | ${fix.replaceAll('|', '\\|')} |`,
  )
  return `# Errors

Every error says what happened, with the value and the place, and what to do about it. Its code is stable: in
\`--json\` output it is \`error.code\`, in the library \`PlimsollError.code\`. The exit code is the one that
\`plimsoll\` ends with when this error ends the command.

| Code | Exit code | What to do |
|---|---|---|
${rows.join('\n')}

Exit codes: 0 success; 1 a task failed; 2 the plan or the command line is wrong, nothing was started; 3 the lock
is held; 4 a declared need cannot fit in memory; 5 a person must decide; 130 interrupted.

This page is written by \`node scripts/errors-page.ts\`.
`
}

if (import.meta.main) writeFileSync(new URL('../docs/errors.md', import.meta.url), errorsPage())
