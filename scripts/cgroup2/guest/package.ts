/** The built package as it was installed; loaded by path, because every file that is read costs time here. */
import type * as Memory from '../../../src/memory/memory.ts'

const installed: string = '/app/node_modules/plimsoll/dist'

export const commandLine = `${installed}/cli/main.js`
export const memory: typeof Memory = await import(`${installed}/memory/memory.js`)
