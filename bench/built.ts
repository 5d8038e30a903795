/** Programs of measurements as plain JavaScript on the built package: what strips types takes time and memory, too. */
import { readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { measure, root } from './measure.ts'

/** Of a folder of `bench`; they may import one another and `src/index.ts`. Returns the file of the last one. */
export async function builtPrograms(
  from: string,
  programs: readonly string[],
  folder: string,
): Promise<string> {
  await measure([process.execPath, 'scripts/build.ts'])
  for (const program of programs) {
    const text = stripTypeScriptTypes(readFileSync(join(root, 'bench', from, `${program}.ts`), 'utf8'))
    const built = text
      .replaceAll(/'\.\.\/\.\.\/src\/(.*?)\.ts'/g, (_, name) => `'${join(root, 'dist', `${name}.js`)}'`)
      .replaceAll(/'(\.\/.*?)\.ts'/g, "'$1.mjs'")
    writeFileSync(join(folder, `${program}.mjs`), built)
  }
  return join(folder, `${programs.at(-1)}.mjs`)
}
