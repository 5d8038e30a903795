/** Colours, where the reader wants them. */
import type { Writable } from 'node:stream'

type Paint = (text: string) => string
export type Style = {
  readonly bold: Paint
  readonly dim: Paint
  readonly red: Paint
  readonly green: Paint
  readonly yellow: Paint
  readonly cyan: Paint
}

/** A stream that may be a terminal; `columns` and `rows` are undefined when it is none. */
export type OutputStream = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** NO_COLOR wins over FORCE_COLOR, and both over what the stream is; see no-color.org and force-color.org. */
function wantsColour(stream: OutputStream, variables: NodeJS.ProcessEnv): boolean {
  if (variables.NO_COLOR) return false
  const forced = variables.FORCE_COLOR
  if (forced !== undefined) return forced !== '0' && forced !== 'false'
  return stream.isTTY === true && variables.TERM !== 'dumb'
}

const paint =
  (open: number, close: number): Paint =>
  (text) =>
    `\u001b[${open}m${text}\u001b[${close}m`
const same: Paint = (text) => text

export const plainStyle: Style = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }
const colourStyle: Style = {
  bold: paint(1, 22),
  dim: paint(2, 22),
  red: paint(31, 39),
  green: paint(32, 39),
  yellow: paint(33, 39),
  cyan: paint(36, 39),
}

export function styleFor(stream: OutputStream, variables: NodeJS.ProcessEnv): Style {
  return wantsColour(stream, variables) ? colourStyle : plainStyle
}
