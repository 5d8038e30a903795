import { type PlanPrediction, predict } from '../predict.ts'
import { countOf, groundText, plainLine, renderTable, styleFor } from '../report/report.ts'
import type { Plan } from '../spine.ts'
import { formatDuration, formatSize } from '../units.ts'
import { forceOf, planOf } from './plan-argument.ts'
import type { RunCommand } from './words.ts'

export const planCommand: RunCommand = async (call) => {
  const plan = await planOf(call)
  const stateDir = call.text('state')
  const database = call.text('database')
  const historyFile = call.text('history')
  const prediction = await predict(plan, {
    ...(stateDir !== undefined && { stateDir }),
    ...(database !== undefined && { database }),
    ...(historyFile !== undefined && { historyFile }),
    force: forceOf(call),
  })
  for (const { task, unmatched } of prediction.tasks) {
    for (const glob of unmatched)
      process.stderr.write(`${plainLine(`"${task}": no file matches its input ${JSON.stringify(glob)}`)}\n`)
  }
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

/** Lines. */
const mostReasons = 50

function render(plan: Plan, prediction: PlanPrediction): string {
  const style = styleFor(process.stdout, process.env)
  const columns = [
    { title: 'task' },
    { title: 'kind' },
    { title: 'memory', align: 'right' },
    { title: 'known from' },
    { title: 'time', align: 'right' },
    { title: 'needs, or why skipped' },
  ] as const
  const rows = prediction.tasks.map((task) => [
    `${task.onCriticalPath ? '* ' : '  '}${task.task}`,
    task.kind,
    task.estimate === null ? '-' : formatSize(task.estimate.bytes),
    task.estimate === null ? '-' : groundText(task.estimate),
    task.expectedMs === null ? 'unknown' : formatDuration(task.expectedMs),
    task.skipped === null ? task.needs.join(', ') : `skipped: ${task.skipped}`,
  ])
  const where = plan.environment === null ? '' : `, environment ${plan.environment}`
  const { guesses } = prediction
  return [
    plainLine(
      `${plan.name} ${plan.version}${where}: ${countOf(prediction.tasks.length, 'task')}, at most ${plan.options.executor.maxConcurrentTasks} at once`,
    ),
    '',
    ...renderTable(columns, rows, style),
    ...reasonsOf(prediction),
    '',
    ...besideOf(plan),
    ...approvalsOf(plan, prediction),
    `critical path (*)  ${plainLine(prediction.criticalPath.join(' -> '))}`,
    `expected time      ${formatDuration(prediction.durationMs)}${guessed(guesses.durations)}`,
    `expected memory    ${formatSize(prediction.peakMemoryBytes)} at most${guessed(guesses.memory)}`,
    ...(prediction.cannotFit === null
      ? []
      : [plainLine(`${'cannot fit here'.padEnd(18)} ${prediction.cannotFit}; deploy refuses it`)]),
    `load line          ${formatSize(prediction.loadLineBytes)} of ${formatSize(prediction.capacityBytes)}`,
    '',
  ].join('\n')
}

/** What the plan has beside its tasks: hooks, and who is told how the run ended. */
function besideOf({ hooks = {}, notify = [] }: Plan): string[] {
  const named = (['before', 'onFailure', 'after'] as const).map((hook) => [hook, hooks[hook] ?? []] as const)
  const lines = [...named, ['notify', notify] as const].flatMap(([what, all]) =>
    all.length === 0 ? [] : [`${what.padEnd(18)} ${plainLine(all.map(({ name }) => name).join(', '))}`],
  )
  return lines
}

/** Who will be waited for. */
function approvalsOf({ environment }: Plan, { asksApproval, tasks }: PlanPrediction): string[] {
  const names = tasks.filter((task) => task.asksApproval).map(({ task }) => task)
  const moments = [
    ...(asksApproval ? [`before anything goes to ${environment}`] : []),
    ...(names.length > 0 ? [`before ${names.join(', ')}`] : []),
  ]
  return moments.length === 0 ? [] : [plainLine(`${'asks for approval'.padEnd(18)} ${moments.join('; ')}`)]
}

/** Why tasks with inputs run or are skipped, whole: the cells of the table are cut. */
function reasonsOf({ tasks }: PlanPrediction): string[] {
  const reasons = tasks.flatMap(({ task, skipped, because }) => {
    if (because !== null) return [`${task} runs: ${because}`]
    return skipped === null ? [] : [`${task} is skipped: ${skipped}`]
  })
  const rest = reasons.length - mostReasons
  if (reasons.length === 0) return []
  return ['', ...reasons.slice(0, mostReasons).map(plainLine), ...(rest > 0 ? [`and ${rest} more`] : [])]
}

/** Of how many tasks nothing is known. */
const guessed = (count: number): string =>
  count === 0 ? '' : ` (a guess: ${countOf(count, 'task')} never ran before)`
