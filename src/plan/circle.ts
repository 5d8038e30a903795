/** The experts that a file names: which model, where it is, where its key comes from. A key itself is refused. */
import { resolve } from 'node:path'
import type * as z from 'zod/mini'
import { checkSound } from './check.ts'
import { type Preset, type Protocol, type ProviderName, presets, providerNames } from './circle-presets.ts'
import { amount, duration, either, filledText, keys, maybe, named, whole, word } from './leaf.ts'
import { type Report, show } from './problems.ts'
import { isTreeMap, type Tree, type TreeMap } from './yaml.ts'

export type KeySource =
  | { readonly from: 'environment'; readonly variable: string }
  | { readonly from: 'file'; readonly file: string }

export type ExpertSource = {
  readonly name: string
  readonly provider: ProviderName
  readonly protocol: Protocol
  readonly model: string
  readonly baseUrl: string
  /** Null: the server asks for none. */
  readonly key: KeySource | null
  readonly maxOutputTokens: number
  readonly timeoutMs: number
  /** US dollars for a million tokens; null where nobody said: then the cost is not known. */
  readonly price: { readonly inputUsd: number; readonly outputUsd: number } | null
}

const mostExperts = 32
const defaultTokens = 4_096
const defaultTimeoutMs = 120_000

const price = (description: string) => amount(0, 1_000_000, description)

const expertSchema = keys(
  {
    provider: word(providerNames, 'Who serves the model'),
    model: filledText('The name of the model, as its server knows it'),
    baseUrl: maybe(filledText('Where the server is. Default: where that provider is')),
    key: maybe(
      either(
        'a map with env or file',
        [
          keys({ env: filledText('The environment variable that holds the key') }),
          keys({ file: filledText('A file that holds the key, relative to this file') }),
        ],
        'Where the key comes from. Default: the usual variable of the provider',
      ),
    ),
    maxOutputTokens: maybe(whole(1, 1_000_000, 'An answer is no longer. Default 4096')),
    timeout: maybe(duration(1, 'How long one answer may take, with its retries. Default 2m')),
    price: maybe(
      keys(
        {
          input: price('US dollars for a million tokens that are sent'),
          output: price('US dollars for a million tokens of answers'),
        },
        { description: 'What the provider charges; without it costs are not known' },
      ),
    ),
  },
  { description: 'An expert' },
)

export const circleSchema = named(expertSchema, 'The experts that are asked, by name')

/** They count only when nothing was reported. */
export function lowerCircle(written: Tree | undefined, dir: string, report: Report): readonly ExpertSource[] {
  if (written === undefined || written === null) return []
  if (!isTreeMap(written)) {
    report(['circle'], `found ${show(written)}, expected a map from names to experts`)
    return []
  }
  const names = Object.keys(written)
  if (names.length > mostExperts)
    report(['circle'], `found ${names.length} experts, allowed are ${mostExperts}`)
  return names
    .slice(0, mostExperts)
    .flatMap((name) => lowerExpert(name, written[name] ?? null, { dir, report }))
}

type Context = { readonly dir: string; readonly report: Report }

function lowerExpert(name: string, tree: Tree, { dir, report }: Context): readonly ExpertSource[] {
  const path = ['circle', name]
  if (!/^[\w.-]{1,60}$/.test(name) || name === 'offline') {
    const why = name === 'offline' ? 'is the expert that needs no model' : 'is no name of an expert'
    report(path, `${show(name)} ${why}, expected up to 60 letters, digits, ".", "_" and "-"`, { on: 'key' })
  }
  const expert = checkSound(expertSchema, withoutKey(tree, path, report), { path, report })
  if (expert === undefined) return []
  const { provider, model, maxOutputTokens = defaultTokens, timeout: timeoutMs = defaultTimeoutMs } = expert
  const preset: Preset = presets[provider]
  const baseUrl = expert.baseUrl ?? preset.baseUrl
  if (baseUrl === null) {
    report([...path, 'baseUrl'], `is missing, expected the address of the server, for this provider has none`)
    return []
  }
  checkAddress(baseUrl, [...path, 'baseUrl'], report)
  return [
    {
      ...{ name, provider, protocol: preset.protocol, model, baseUrl, maxOutputTokens, timeoutMs },
      key: keyOf(expert.key, preset, dir),
      price:
        expert.price === undefined ? null : { inputUsd: expert.price.input, outputUsd: expert.price.output },
    },
  ]
}

/** A key that was written down is reported without being shown. */
function withoutKey(tree: Tree, path: readonly string[], report: Report): Tree {
  if (!isTreeMap(tree) || typeof tree.key !== 'string') return tree
  report(
    [...path, 'key'],
    'found a text, expected { env: VARIABLE } or { file: PATH }: a key does not belong into this file',
  )
  const copy: TreeMap = Object.assign(Object.create(null), tree)
  delete copy.key
  return copy
}

type WrittenKey = z.output<typeof expertSchema>['key']

function keyOf(written: WrittenKey, { keyVariable }: Preset, dir: string): KeySource | null {
  if (written === undefined)
    return keyVariable === null ? null : { from: 'environment', variable: keyVariable }
  return 'env' in written
    ? { from: 'environment', variable: written.env }
    : { from: 'file', file: resolve(dir, written.file) }
}

function checkAddress(text: string, path: readonly string[], report: Report): void {
  const url = URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol))
    report(path, 'is no address, expected one that begins with https:// or http://')
  else if (url.username !== '' || url.password !== '')
    report(path, 'found a user or a password in it, expected an address without: name the key under "key"')
}
