/** Compresses the files of a release once, so that no request pays for it. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, rename, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { constants, createBrotliCompress, createGzip } from 'node:zlib'

export type Assets = { readonly from: string; readonly to: string; readonly level: number }

/** Relative paths start at the folder of the plan. What is returned reaches later tasks as outputs. */
export async function compress({
  from,
  to,
  level,
}: Assets): Promise<{ files: number; before: number; after: number }> {
  const example = resolve(import.meta.dirname, '..')
  const [source, target] = [resolve(example, from), resolve(example, to)]
  await mkdir(target, { recursive: true })
  const total = { files: 0, before: 0, after: 0 }
  for (const name of await readdir(source)) {
    const brotli = createBrotliCompress({ params: { [constants.BROTLI_PARAM_QUALITY]: level + 2 } })
    const file = { source: join(source, name), target: join(target, name) }
    total.files += 1
    total.before += (await stat(file.source)).size
    total.after += await write(file.source, `${file.target}.br`, brotli)
    await write(file.source, `${file.target}.gz`, createGzip({ level }))
  }
  console.log(`${total.files} files, ${total.before} bytes, ${total.after} with brotli`)
  return total
}

/** Streams, so that a large file needs no more memory than a small one; renamed, so that nobody is served half. */
async function write(source: string, target: string, compressor: NodeJS.ReadWriteStream): Promise<number> {
  await pipeline(createReadStream(source), compressor, createWriteStream(`${target}.new`))
  await rename(`${target}.new`, target)
  return (await stat(target)).size
}
