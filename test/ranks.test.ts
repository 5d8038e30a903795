import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { test } from 'node:test'

/** A file or folder of src may import those of lower rank only. CONTRIBUTING.md shows the same list. */
const ranks = [
  ['errors', 'clock', 'units', 'nearest', 'threads', 'own-files', 'buffers'],
  ['spine', 'directories', 'option-names'],
  ['memory', 'redact', 'default-options'],
  ['retry', 'pool'],
  ['plan', 'store', 'report'],
  ['metrics', 'journal', 'notify', 'inputs'],
  ['queries', 'history'],
  ['experts'],
  ['executor', 'runners'],
  // What the tasks of one run know of each other; apart from deploy.ts so that the job stays on one screen.
  ['run'],
  ['deploy', 'predict'],
  ['index', 'cli'],
]
const rankOf = new Map(ranks.flatMap((names, rank) => names.map((name) => [name, rank] as const)))

type Source = { readonly file: string; readonly text: string }

/**
 * Every text that looks like a path to one of our files counts, whatever stands before it: `from`, `import(...)`,
 * `import type`, `new URL(..., import.meta.url)`. A template's first half counts too, so that a computed path
 * cannot lead past the door.
 */
const pathText = /(['"`])(\.{1,2}\/[^'"`\n]*\.(?:ts|js|sql)|\.{1,2}\/[^'"`\n$]*\$\{[^'"`\n]*)\1/g

const roomOf = (file: string): string => posix.relative('src', file).split('/')[0]?.replace(/\.ts$/, '') ?? ''
const isDoor = (file: string, room: string): boolean =>
  file === `src/${room}.ts` || file === `src/${room}/${room}.ts`

function wrongImports({ file, text }: Source): string[] {
  const from = roomOf(file)
  const fromRank = rankOf.get(from)
  if (fromRank === undefined) return [`${file}: "${from}" has no rank; give it one in test/ranks.test.ts`]
  return [...text.matchAll(pathText)].flatMap(([, , target = '']) => {
    const path = posix.join(posix.dirname(file), target)
    const to = roomOf(path)
    const toRank = rankOf.get(to)
    if (from === to) return []
    if (toRank === undefined) return [`${file}: imports ${target}, and "${to}" has no rank`]
    if (toRank >= fromRank) return [`${file}: "${from}" may not import "${to}"`]
    return isDoor(path, to) ? [] : [`${file}: import the door of "${to}", not ${target}`]
  })
}

const sources: readonly Source[] = globSync('src/**/*.ts').map((file) => ({
  file: file.replaceAll('\\', '/'),
  text: readFileSync(file, 'utf8'),
}))

test('imports only go down the ranks, and only through doors', () => {
  assert.ok(sources.length > 0)
  assert.deepEqual(sources.flatMap(wrongImports), [])
})

test('every room has a door that begins with what it promises', () => {
  const rooms = new Set(sources.map(({ file }) => file.split('/').slice(1, -1)[0]))
  for (const room of rooms) {
    if (room === undefined) continue
    const door = sources.find(({ file }) =>
      room === 'cli' ? file === 'src/cli/main.ts' : isDoor(file, room),
    )
    assert.ok(door, `src/${room}.ts or src/${room}/${room}.ts is missing`)
    assert.match(door.text, /^(?:#!.*\n)?\/\*\*/, `${door.file} begins with its promise, as a doc comment`)
  }
})

const rightImports: readonly Source[] = [
  { file: 'src/plan/plan.ts', text: "import type { Plan } from '../spine.ts'" },
  { file: 'src/plan/plan.ts', text: "import { readYaml } from './yaml.ts'" },
  { file: 'src/deploy.ts', text: "const { readPlan } = await import('./plan/plan.ts')" },
  { file: 'src/index.ts', text: "export { deploy } from './deploy.ts'" },
]
for (const source of rightImports) {
  test(`allowed in ${source.file}: ${source.text}`, () => assert.deepEqual(wrongImports(source), []))
}

const wrong: readonly (Source & { readonly says: RegExp })[] = [
  {
    file: 'src/clock.ts',
    text: "import { parseSize } from './units.ts'",
    says: /"clock" may not import "units"/,
  },
  {
    file: 'src/plan/plan.ts',
    text: "import type { Store } from '../store/store.ts'",
    says: /may not import "store"/,
  },
  { file: 'src/retry/retry.ts', text: "await import('../deploy.ts')", says: /may not import "deploy"/ },
  {
    file: 'src/retry/retry.ts',
    text: "let x: import('../journal/journal.ts').Journal",
    says: /may not import "journal"/,
  },
  {
    file: 'src/journal/journal.ts',
    text: "export * from '../store/writer.ts'",
    says: /import the door of "store"/,
  },
  {
    file: 'src/journal/journal.ts',
    text: "new URL('../store/writer.ts', import.meta.url)",
    says: /the door of "store"/,
  },
  {
    file: 'src/deploy.ts',
    text: "import './store/store.ts'\nimport './store/rows.ts'",
    says: /not \.\/store\/rows/,
  },
  {
    file: 'src/deploy.ts',
    text: '`./store/${name}.ts`'.replace('name', 'kind'),
    says: /the door of "store"/,
  },
  { file: 'src/helpers/helpers.ts', text: '', says: /"helpers" has no rank/ },
  { file: 'src/deploy.ts', text: "import { x } from './helpers/helpers.ts'", says: /"helpers" has no rank/ },
  { file: 'src/deploy.ts', text: "import { x } from '../test/fake.ts'", says: /has no rank/ },
]
for (const { says, ...source } of wrong) {
  test(`refused in ${source.file}: ${source.text || 'a room without a rank'}`, () => {
    const found = wrongImports(source)
    assert.equal(found.length, 1)
    assert.match(found[0] ?? '', says)
  })
}
