/**
 * Where files of ours lie that are named and not imported: what a thread or process begins with, migrations, the package
 * itself. This file stays at the top of src: the build puts every chunk at the top of dist, so that one way from here is
 * right for both.
 */
import { extname } from 'node:path'

export const packageFile = new URL('../package.json', import.meta.url)

/** A folder or file that the build copies, such as 'store/migrations/'. */
export const ownFile = (path: string): URL => new URL(path, import.meta.url)

/** A module by its name from here without its ending: `.ts` in development, `.js` in the package. The build finds the calls. */
export const ownModule = (name: string): URL => new URL(`${name}${extname(import.meta.url)}`, import.meta.url)
