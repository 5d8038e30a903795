export type Cause = {
  readonly title: string
  /** What has happened, in general; a rule may say it more exactly. */
  readonly means: string
  readonly next: readonly string[]
}
