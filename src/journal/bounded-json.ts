/** JSON of a bounded size, whatever a task wrote into its outputs and messages. */

/** UTF-16 units of one event body, of the outputs of one attempt and of the report of one task. */
const longestBody = 1024 ** 2

/** Never fewer entries than our own words have fields (at most 20), so that these survive. */
const fewestEntries = 64

/** The JSON of `value`; when it is longer than `longest`, with texts and lists cut as little as makes it fit. */
export function boundedJson(value: unknown, longest: number = longestBody): string {
  let json = JSON.stringify(value)
  for (let bound = longest / 16; json.length > longest && bound >= fewestEntries; bound /= 4) {
    json = JSON.stringify(value, (_key, inner: unknown) => cut(inner, bound))
  }
  return json
}

function cut(value: unknown, bound: number): unknown {
  if (typeof value === 'string') return boundedText(value, bound)
  if (Array.isArray(value)) return value.slice(0, bound)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, bound)
      .map(([key, inner]) => [key.slice(0, bound), inner]),
  )
}

/** At most `longest` UTF-16 units; what was cut ends with an ellipsis. */
export function boundedText(text: string, longest: number): string {
  return text.length <= longest ? text : `${text.slice(0, longest - 1)}…`
}
