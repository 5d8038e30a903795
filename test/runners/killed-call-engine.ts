/** An engine for a test to kill: calls one function in a process, in the directory of its caller. */
import type { Work } from '../../src/spine.ts'
import { openBench } from './run-task.ts'

const [dir = '', module = ''] = process.argv.slice(2)
const work: Work = { kind: 'call', module, exportName: 'held', argument: { plain: null }, place: 'process' }
const bench = await openBench({}, { dir })
await bench.run(work)
