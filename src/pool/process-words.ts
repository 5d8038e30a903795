/** What an engine and its worker processes say to each other, by structured clone. */
import type { Fault } from './faults.ts'

export type ToProcess =
  | 'stop'
  | {
      readonly module: string
      readonly exportName: string
      readonly argument: unknown
      readonly environment: Readonly<Record<string, string>> | null
      readonly directory: string | null
    }

export type FromProcess =
  | {
      readonly how: 'value' | 'fault'
      readonly what: unknown
      readonly cpuMs: number
      readonly durationMs: number
      readonly residentBytes: number
      readonly leftRunning: boolean
    }
  /** The last word of a process that ends because of what nobody caught. */
  | { readonly how: 'dying'; readonly what: Fault }
