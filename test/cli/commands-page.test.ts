import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { commands } from '../../src/cli/commands.ts'
import { commonOptions } from '../../src/cli/common-options.ts'

const page = readFileSync(new URL('../../docs/commands.md', import.meta.url), 'utf8')
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((section) => [section.slice(0, section.indexOf('\n')), section] as const),
)
const optionsIn = (section: string): string[] =>
  [...section.matchAll(/^\| `(?:-\w`, `)?--([a-z-]+)/gm)].map(([, name = '']) => name).toSorted()

test('docs/commands.md has a section for every command, and for no other', () => {
  const named = [...sections.keys()].filter((title) => /^[a-z]+$/.test(title))
  assert.deepEqual(
    named,
    commands.map(({ name }) => name),
  )
})

for (const { name, options, positionals } of commands) {
  test(`docs/commands.md lists exactly the options of "${name}", and its arguments`, () => {
    const section = sections.get(name) ?? ''
    assert.deepEqual(optionsIn(section), Object.keys(options).toSorted())
    assert.ok(section.includes(`plimsoll ${[name, positionals].filter(Boolean).join(' ')}`))
  })
}

test('docs/commands.md lists exactly the options that every command has', () => {
  assert.deepEqual(optionsIn(sections.get('All commands') ?? ''), Object.keys(commonOptions).toSorted())
})
