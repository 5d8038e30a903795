/**
 * On GitHub Actions a deployment writes its report into the summary of the job and marks what failed. While it runs,
 * the runner is told to obey nothing that is printed: a task may print what looks like a command.
 */
import { randomBytes } from 'node:crypto'
import { appendFile, stat } from 'node:fs/promises'
import { isAbsolute, relative, sep } from 'node:path'
import { messageOf, systemCodeOf } from '../errors.ts'
import { PlanInvalidError, taskPlaces } from '../plan/plan.ts'
import {
  type Annotation,
  annotationLine,
  everyTask,
  fitMarkdown,
  plainText,
  renderMarkdown,
  resumeCommands,
  stopCommands,
} from '../report/report.ts'
import type { Plan, Report } from '../spine.ts'

/** GitHub takes no longer summary of a step, in bytes. */
const mostSummaryBytes = 1024 ** 2
/** GitHub shows no more of a step. */
const mostAnnotations = 10

type Actions = {
  /** Commands are obeyed again; the report is written. Says what could not be written; never rejects. */
  end(plan: Plan | null, report: Report): Promise<void>
} & Disposable

type Output = { write(text: string): unknown }

/** Undefined elsewhere than on GitHub Actions. `output` is where people read, not where programs do. */
export function openGitHubActions(variables: NodeJS.ProcessEnv, output: Output): Actions | undefined {
  if (variables.GITHUB_ACTIONS !== 'true') return undefined
  const token = randomBytes(16).toString('hex')
  output.write(stopCommands(token))
  let isStopped = true
  const resume = (): void => {
    if (isStopped) output.write(resumeCommands(token))
    isStopped = false
  }
  return {
    [Symbol.dispose]: resume,
    end: async (plan, report) => {
      resume()
      for (const annotation of await annotationsOf(plan, report, variables)) {
        output.write(annotationLine(annotation))
      }
      await writeSummary(report, variables).catch((error: unknown) => {
        const why = systemCodeOf(error) ?? messageOf(error)
        output.write(`the summary of the job could not be written (${plainText(why)})\n`)
      })
    },
  }
}

/** The problems of a plan that was refused. */
export function annotateProblems(error: unknown, variables: NodeJS.ProcessEnv, output: Output): void {
  if (variables.GITHUB_ACTIONS !== 'true' || !(error instanceof PlanInvalidError)) return
  for (const { file, line, column, path, message } of error.problems.slice(0, mostAnnotations)) {
    const title = path === '' ? 'the plan' : path
    output.write(annotationLine({ ...{ title, message, line, column }, file: inRepository(file, variables) }))
  }
}

async function annotationsOf(
  plan: Plan | null,
  report: Report,
  variables: NodeJS.ProcessEnv,
): Promise<readonly Annotation[]> {
  const failed = everyTask(report).flatMap(([title, task, name]) => {
    const error = task.status === 'failed' ? task.error : task.undo?.error
    return error ? [{ title, name, error }] : []
  })
  const ofRun = report.error ? [{ title: 'the run', name: '', error: report.error }] : []
  const shown = [...ofRun, ...failed].slice(0, mostAnnotations)
  if (shown.length === 0) return []
  const places =
    plan === null
      ? new Map()
      : await taskPlaces(
          plan,
          shown.map(({ name }) => name),
        )
  const file = plan === null ? undefined : inRepository(plan.file, variables)
  return shown.map(({ title, name, error }) => ({
    title: `${title} ${error.code}`,
    message: `${plainText(error.message)}\nfix: ${plainText(error.fix)}`,
    ...(places.has(name) && { file, line: places.get(name)?.line }),
  }))
}

/** GitHub knows files by their path in the repository. */
function inRepository(file: string, { GITHUB_WORKSPACE: root }: NodeJS.ProcessEnv): string | undefined {
  if (!root) return undefined
  const path = relative(root, file)
  return path === '' || path.startsWith(`..${sep}`) || isAbsolute(path) ? undefined : path
}

/** What stands in the file already counts. @throws what the system says. */
async function writeSummary(report: Report, { GITHUB_STEP_SUMMARY: file }: NodeJS.ProcessEnv): Promise<void> {
  if (!file) return
  const found = await stat(file).catch((error: unknown) => {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  })
  if (found !== null && !found.isFile()) throw new Error('it is not a file')
  const markdown = fitMarkdown(renderMarkdown(report), mostSummaryBytes - (found?.size ?? 0))
  if (markdown !== '') await appendFile(file, markdown)
}
