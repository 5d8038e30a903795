import { type PlanPrediction, predict } from '../predict.ts'
import { plainLine, renderTable, styleFor } from '../report/report.ts'
import type { Plan } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import { planOf } from './plan-argument.ts'
import type { RunCommand } from './words.ts'

export const planCommand: RunCommand = async (call) => {
  const plan = await planOf(call)
  const stateDir = call.text('state')
  const prediction = await predict(plan, { ...(stateDir !== undefined && { stateDir }) })
  const { name, version, environment } = plan
  if (call.flag('json')) {
    process.stdout.write(
      `${JSON.stringify({ type: 'plan', plan: name, version, environment, ...prediction })}\n`,
    )
  } else {
    process.stdout.write(render(plan, prediction))
  }
  return 0
}

function render(plan: Plan, prediction: PlanPrediction): string {
  const style = styleFor(process.stdout, process.env)
  const columns = [
    { title: 'task' },
    { title: 'kind' },
    { title: 'memory', align: 'right' },
    { title: 'time', align: 'right' },
    { title: 'needs, or why skipped' },
  ] as const
  const rows = prediction.tasks.map((task) => [
    `${task.onCriticalPath ? '* ' : '  '}${task.task}`,
    task.kind,
    task.expectedBytes === null ? 'unknown' : formatSize(task.expectedBytes),
    task.expectedMs === null ? 'unknown' : formatDuration(task.expectedMs),
    task.skipped === null ? task.needs.join(', ') : `skipped: ${task.skipped}`,
  ])
  const where = plan.environment === null ? '' : `, environment ${plan.environment}`
  const count = `${prediction.tasks.length} ${prediction.tasks.length === 1 ? 'task' : 'tasks'}`
  const time =
    prediction.durationMs === null
      ? 'unknown until every task has succeeded once'
      : formatDuration(prediction.durationMs)
  const known = prediction.tasks.some(({ expectedBytes }) => expectedBytes !== null && expectedBytes > 0)
  return [
    plainLine(
      `${plan.name} ${plan.version}${where}: ${count}, at most ${plan.options.executor.maxConcurrentTasks} at once`,
    ),
    '',
    ...renderTable(columns, rows, style),
    '',
    `critical path (*)  ${plainLine(prediction.criticalPath.join(' -> '))}`,
    `expected time      ${time}`,
    `expected memory    ${known ? formatSize(prediction.peakMemoryBytes) : 'unknown'} at most, of what is declared or was seen before`,
    `load line          ${formatSize(prediction.loadLineBytes)} of ${formatSize(prediction.capacityBytes)}`,
    '',
  ].join('\n')
}
