/** A real deployment whose tasks print secrets, and a search for them in everything that it leaves behind or shows. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { systemCodeOf } from '../../src/errors.ts'
import { root, TemporaryFolder } from '../measure.ts'
import { injectedSecret, printedText } from './texts.ts'

export type Leaks = {
  readonly lines: number
  readonly planted: number
  /** Places in which a value was found, with its kind. */
  readonly found: readonly string[]
  /** Command lines that were read while it ran. */
  readonly commandLines: number
  readonly bytesSearched: number
}

const main = join(root, 'src/cli/main.ts')

/** Null where SQLite took its journal away since it was listed. */
function contentsOf(file: string): string | null {
  try {
    return readFileSync(file, 'latin1')
  } catch (error) {
    if (systemCodeOf(error) === 'ENOENT') return null
    throw error
  }
}

/** Two tasks, one of which fails, with a hook and a receiver, then every command that shows a run. */
export async function seekLeaks(): Promise<Leaks> {
  using folder = new TemporaryFolder()
  const { text, secrets, lines } = printedText()
  const injected = injectedSecret()
  writeFileSync(join(folder.path, 'text'), text)
  writeFileSync(join(folder.path, 'injected'), `${injected}\n`)
  await using receiver = await openReceiver()
  writeFileSync(join(folder.path, 'plimsoll.yaml'), planOf(receiver.url))

  const seen = new Map<string, string>()
  let commandLines = 0
  const look = (pid: number | undefined): void => {
    for (const line of commandLinesBelow(pid)) {
      commandLines += 1
      seen.set('the command line of a process', `${seen.get('the command line of a process') ?? ''}${line}\n`)
    }
    for (const file of globSync('state/plimsoll.db*', { cwd: folder.path })) {
      const contents = contentsOf(join(folder.path, file))
      if (contents !== null) seen.set(`${file} while it ran`, contents)
    }
  }
  const variables = { ...process.env, TEXT: join(folder.path, 'text') }
  const words = ['--state', 'state']
  const deployed = await watched(start(['deploy', 'plimsoll.yaml', ...words], folder.path, variables), look)
  seen.set('what deploy prints', deployed)
  for (const command of [
    ['show'],
    ['show', '--json'],
    ['show', '--markdown'],
    ['logs'],
    ['runs', '--json'],
  ]) {
    seen.set(
      command.join(' '),
      await watched(start([...command, ...words], folder.path, variables), () => {}),
    )
  }
  for (const file of globSync('state/**/*', { cwd: folder.path })) {
    const path = join(folder.path, file)
    if (statSync(path).isFile()) seen.set(file, readFileSync(path, 'latin1'))
  }
  seen.set('what the receiver got', receiver.bodies.join('\n'))
  if (!deployed.includes('failed') || receiver.bodies.length === 0)
    throw new Error(`it did not run:\n${deployed}`)

  const wanted = [...secrets, { kind: 'injected', values: formsOf(injected) }]
  const found = wanted.flatMap(({ kind, values }) =>
    [...seen]
      .filter(([, text]) => values.some((value) => text.includes(value)))
      .map(([where]) => `${kind} in ${where}`),
  )
  const bytesSearched = [...seen.values()].reduce((sum, text) => sum + text.length, 0)
  return { lines, planted: wanted.length, found, commandLines, bytesSearched }
}

const formsOf = (value: string): readonly string[] => [
  value,
  ...['base64', 'hex'].map((encoding) =>
    Buffer.from(value)
      .toString(encoding as BufferEncoding)
      .replace(/=+$/, ''),
  ),
  encodeURIComponent(value),
]

function planOf(url: string): string {
  const print = join(root, 'bench/redact/print.mjs')
  const exec = JSON.stringify([process.execPath, print])
  const env = 'INJECTED: "${secrets.INJECTED}"'
  return `name: leaks
secrets: { INJECTED: { file: injected } }
tasks:
  good: { exec: ${exec}, env: { ${env} } }
  bad: { exec: ${exec}, needs: good, env: { ${env}, EXIT: "3", GIVEN: "\${tasks.good.outputs.found}" } }
onFailure:
  hook: { exec: ${exec}, env: { ${env}, EXIT: "4" } }
notify:
  receiver: { url: "${url}", secret: INJECTED }
`
}

function start(words: readonly string[], cwd: string, variables: NodeJS.ProcessEnv): ChildProcess {
  return spawn(process.execPath, [main, ...words], { cwd, env: variables, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function watched(child: ChildProcess, look: (pid: number | undefined) => void): Promise<string> {
  const timer = setInterval(() => look(child.pid), 50)
  try {
    const texts = [child.stdout, child.stderr].map((stream) => (stream ? textOf(stream) : ''))
    await once(child, 'close')
    return (await Promise.all(texts)).join('')
  } finally {
    clearInterval(timer)
  }
}

/** Of a process and all below it. */
function commandLinesBelow(pid: number | undefined): readonly string[] {
  if (pid === undefined) return []
  try {
    const line = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ')
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').trim().split(' ')
    return [
      line,
      ...children.filter((child) => child !== '').flatMap((child) => commandLinesBelow(Number(child))),
    ]
  } catch {
    return []
  }
}

async function openReceiver() {
  const bodies: string[] = []
  const server = createServer(async (request, response) => {
    bodies.push(JSON.stringify(request.headers) + (await textOf(request)))
    response.end()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    bodies,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
