/** How a value looks in the encodings that tools print. Each gives all usual spellings; the same one may come twice. */

/**
 * Inside a longer text a value may begin at any of three places in a group of three bytes. Of the characters at its
 * edges some bits belong to its neighbours: those are left out, so that what is here is the same whatever stands around.
 */
export function base64Of(value: Buffer): readonly string[] {
  const whole = value.toString('base64')
  const inner = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), value]).toString('base64')
    return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6))
  })
  return [whole, whole.replace(/=+$/, ''), ...inner].flatMap((text) => [text, urlSafe(text)])
}

const urlSafe = (base64: string): string => base64.replaceAll('+', '-').replaceAll('/', '_')

export function hexOf(value: Buffer): readonly string[] {
  const lower = value.toString('hex')
  return [lower, lower.toUpperCase()]
}

/** For a part of a URL, for a whole one, and for a form of a web page, which writes a space as +. */
export function urlEncodingsOf(value: string): readonly string[] {
  const part = encodeURIComponent(value)
  // encodeURIComponent leaves !'()* as they are; other encoders do not.
  const strict = part.replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
  const upper = [part, strict, encodeURI(value)].flatMap((text) => [text, text.replaceAll('%20', '+')])
  return upper.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())])
}

/** As JavaScript writes it, as encoders that keep to ASCII do, and with slashes escaped. */
export function jsonOf(value: string): readonly string[] {
  const json = JSON.stringify(value).slice(1, -1)
  const ascii = json.replace(
    /[^\0-\x7f]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return [json, ascii].flatMap((text) => [text, text.replaceAll('/', '\\/')])
}

/** Inside single quotes; a quote itself is written in two ways. */
export function shellQuotedOf(value: string): readonly string[] {
  return [`'\\''`, `'"'"'`].map((quote) => value.replaceAll(`'`, quote))
}

/** Quotes are escaped in one of several ways, or not at all. */
export function htmlOf(value: string): readonly string[] {
  const text = value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  const double = ['"', '&quot;', '&#34;'].map((quote) => text.replaceAll('"', quote))
  return double.flatMap((form) =>
    [`'`, '&#39;', '&#x27;', '&#039;', '&apos;'].map((quote) => form.replaceAll(`'`, quote)),
  )
}
