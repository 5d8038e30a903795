/** The programs of these measurements as plain JavaScript on the built package: what strips types takes memory, too. */
import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { measure, root } from '../measure.ts'

const programs = ['data', 'rows', 'work']

/** Returns the file of `work`. */
export async function builtWork(folder: string): Promise<string> {
  await measure([process.execPath, 'scripts/build.ts'])
  for (const program of programs) {
    const text = stripTypeScriptTypes(readFileSync(join(root, `bench/metrics/${program}.ts`), 'utf8'))
    const built = text
      .replaceAll(/'\.\.\/\.\.\/src\/(.*?)\.ts'/g, (_, name) => `'${join(root, 'dist', `${name}.js`)}'`)
      .replaceAll(/'(\.\/.*?)\.ts'/g, "'$1.mjs'")
    writeFileSync(join(folder, `${program}.mjs`), built)
  }
  return join(folder, 'work.mjs')
}
