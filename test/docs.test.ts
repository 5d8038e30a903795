import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parsePlan } from '../src/plan/plan.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const pages = globSync(['*.md', 'docs/**/*.md', 'examples/**/*.md'], {
  cwd: root,
  exclude: (path) => path.includes('node_modules'),
})
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')

test('the README begins with the two commands that a newcomer types', () => {
  const lines = textOf('README.md').split('\n').slice(0, 30)
  for (const command of ['npm ci && npm run demo', 'npm ci && npm test'])
    assert.ok(lines.includes(command), command)
})

test('every link to a file of the project leads somewhere', () => {
  for (const page of pages) {
    for (const [, target = ''] of textOf(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^(?:https?:|#)/.test(target)) continue
      const path = join(root, dirname(page), target.replace(/#.*$/, ''))
      assert.ok(existsSync(path), `${page} links to ${target}`)
    }
  }
})

test('every file that a page names in code exists', () => {
  for (const page of pages) {
    for (const [, file = ''] of textOf(page).matchAll(
      /`(?:node )?((?:src|test|bench|scripts|docs)\/[\w./-]+\.\w+)`/g,
    )) {
      assert.ok(existsSync(join(root, file)), `${page} names ${file}`)
    }
  }
})

test('every npm script that a page names exists', () => {
  for (const page of pages) {
    for (const [, script = ''] of textOf(page).matchAll(/npm run ([\w-]+)/g)) {
      assert.ok(Object.hasOwn(scripts, script), `${page} names "npm run ${script}"`)
    }
  }
})

test('every plan that a page shows is a sound plan', () => {
  const plans = pages.flatMap((page) =>
    [...textOf(page).matchAll(/```yaml\n([\s\S]*?)```/g)]
      .map(([, text = '']) => ({ page, text }))
      .filter(({ text }) => /^name:/m.test(text) && /^tasks:/m.test(text)),
  )
  assert.ok(plans.some(({ page }) => page === 'README.md'))
  for (const { page, text } of plans) {
    const plan = parsePlan(text, { file: join(root, page), variables: {} })
    assert.ok(plan.tasks.length > 0)
  }
})
