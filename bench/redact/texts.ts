/** Output as builds and deployments print it, with secrets between. */
import { randomBytes } from 'node:crypto'
import { type Planted, plantSecrets } from '../../test/redact/planted.ts'

const wantedLines = 10_000
const rounds = 10

/** Values with the signs that are hard for encoders. */
export const injectedSecret = (): string => `in/jected "${randomBytes(12).toString('base64url')}" + é`

/** 10,000 lines in which ten secrets of each of the 49 kinds stand. */
export function printedText(): {
  readonly text: string
  readonly secrets: readonly Planted[]
  readonly lines: number
} {
  const secrets = Array.from({ length: rounds }, () => plantSecrets(Math.random)).flat()
  const lines = secrets.flatMap(({ line }) => [...ordinaryLines(20), ...line.split('\n')])
  while (lines.length < wantedLines) lines.push(...ordinaryLines(20))
  return { text: `${lines.join('\n')}\n`, secrets, lines: lines.length }
}

const parts = [
  'added 214 packages, and audited 215 packages in 4s',
  '[INFO] Building jar: /srv/shop/target/shop-1.4.0.jar',
  '#12 [build 4/7] RUN npm ci --ignore-scripts',
  'Step 7/12 : COPY --from=build /app/dist ./dist',
  'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  'Error: connect ECONNREFUSED 127.0.0.1:5432',
  'deployment.apps/shop configured',
  'warning: unused variable: `token` in src/main.rs:41:9',
  'GET /api/v1/orders?page=2&sort=created_at 200 18ms',
  '    at Module._compile (node:internal/modules/cjs/loader:1554:14)',
]

const ordinaryLines = (count: number): readonly string[] =>
  Array.from({ length: count }, () => {
    const time = new Date(1_760_000_000_000 + Math.floor(Math.random() * 1e10)).toISOString()
    return `${time} ${parts[Math.floor(Math.random() * parts.length)]} ${Math.floor(Math.random() * 1e6)}`
  })
