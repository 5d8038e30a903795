/**
 * An engine for a test to kill: runs one task in the directory of its caller and says when it has begun. The task ends
 * when a file `go` is there.
 */
import { openBench, shell } from './run-task.ts'

const dir = process.argv[2] ?? ''
const script = 'echo first; for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done; echo last; exit 5'
const bench = await openBench()
await bench.run(
  shell(script),
  { dir },
  {
    stateDir: dir,
    emit: async (event) => {
      if (event.type === 'attempt-identified') process.stdout.write('begun\n')
    },
  },
)
