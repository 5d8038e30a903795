/**
 * The experts: evidence in, a diagnosis out. Here is the offline one, which needs no key and no network: it reads logs
 * as a stream, finds what tools say in their own words (`rules/`), and names the cause from a documented list, with the
 * lines that show it and what to do next, or says that it does not know.
 *
 * It promises: time in proportion to the text whatever the text is, memory that does not grow with it, the same answer
 * for the same evidence, and that what looks like a secret is masked in what it cites. It acts on nothing and stores
 * nothing.
 */
export { type Cause, type CauseName, causes } from './causes.ts'
export { diagnose } from './diagnose.ts'
export { type EvidenceOptions, evidenceOf, type FailedTask } from './task-evidence.ts'
export type { EngineFacts, Evidence, Log } from './words.ts'
