import { PlimsollError } from '../errors.ts'
import type { AuditEntry } from '../journal/journal.ts'
import { renderTable, styleFor } from '../report/report.ts'
import { countOf } from './plan-argument.ts'
import { withJournal } from './with-journal.ts'
import type { Call, RunCommand } from './words.ts'

export const auditCommand: RunCommand = (call) =>
  call.flag('verify')
    ? verify(call)
    : withJournal(call, async (journal) => {
        const before = call.text('before')
        const [plan, runId, user, action] = ['plan', 'run', 'user', 'action'].map(call.text)
        const entries = await journal.audit({
          limit: countOf('--limit', call.text('limit') ?? '20', 1_000),
          ...(before !== undefined && { before: countOf('--before', before, 999_999_999) }),
          ...(plan !== undefined && { plan }),
          ...(runId !== undefined && { runId: (await journal.run(runId)).runId }),
          ...(user !== undefined && { user }),
          ...(action !== undefined && { action }),
        })
        process.stdout.write(
          call.flag('json') ? entries.map(jsonLine).join('') : `${tableOf(entries).join('\n')}\n`,
        )
        return 0
      })

const verify = (call: Call): Promise<number> =>
  withJournal(call, async (journal) => {
    const { entries, brokenAt } = await journal.checkAudit()
    if (brokenAt !== null) {
      const text = `entry ${brokenAt} of the audit is not what was written; the ${entries} before it are`
      throw new PlimsollError('AUDIT_BROKEN', text)
    }
    const facts = { type: 'audit-check', entries, brokenAt }
    process.stdout.write(
      call.flag('json')
        ? `${JSON.stringify(facts)}\n`
        : `${entries} ${entries === 1 ? 'entry' : 'entries'}, all as they were written\n`,
    )
    return 0
  })

const jsonLine = (entry: AuditEntry): string => `${JSON.stringify({ type: 'audit', ...entry })}\n`

function tableOf(entries: readonly AuditEntry[]): string[] {
  const columns = [
    { title: 'entry', align: 'right' },
    { title: 'time' },
    { title: 'who' },
    { title: 'from' },
    { title: 'did' },
    { title: 'to' },
    { title: 'run' },
    { title: 'more' },
  ] as const
  const rows = entries.map(({ seq, atMs, by, action, plan, environment, runId, task, detail }) => [
    String(seq),
    `${new Date(atMs).toISOString().slice(0, 19)}Z`,
    by.sudoUser === null ? by.user : `${by.user} (${by.sudoUser})`,
    [by.host, by.ci, by.actor].filter((part) => part !== null).join(', '),
    action,
    [plan, environment, task].filter((part) => part !== null).join(' ') || '-',
    runId ?? '-',
    detail ?? '-',
  ])
  return renderTable(columns, rows, styleFor(process.stdout, process.env))
}
