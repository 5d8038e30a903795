/** An engine for a test to kill: runs one task in the directory of its caller and says when it has begun. */
import { openBench, shell } from './run-task.ts'

const [, , dir = '', script = 'echo first; sleep 0.5; echo last; exit 5'] = process.argv
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
