/**
 * The experts: evidence in, a diagnosis out. Here is the offline one, which needs no key and no network: it reads logs
 * as a stream, finds what tools say in their own words (`rules/`), and names the cause from a documented list, with the
 * lines that show it and what to do next, or says that it does not know.
 *
 * It promises: time in proportion to the text whatever the text is, memory that does not grow with it, the same answer
 * for the same evidence, and that what looks like a secret is masked in what it cites. It acts on nothing and stores
 * nothing.
 *
 * And here is the circle (`circle/`): `ExpertManager` asks several language models at once, and the offline expert with
 * them. It promises: never more than so many questions and so many bytes at once, whatever is sent back; nothing leaves
 * the process that looks like a secret; only what a model itself ended is a complete answer; a vote counts only with a
 * line that exists. It does not know whether a model is right. It acts on nothing either.
 */
export { isUtf16 } from './bytes-of-text.ts'
export { type Cause, type CauseName, causes } from './causes.ts'
export { type CircleConsult, consultWith } from './circle/for-queries.ts'
export {
  type BatchConsultation,
  type BatchQuestion,
  ExpertManager,
  type ExpertManagerOptions,
} from './circle/manager.ts'
export type { ExpertPerformance, PerformanceReport } from './circle/performance.ts'
export { ExpertTally, expertMetrics } from './circle/spending-metrics.ts'
export type {
  AnswerStatus,
  Certainty,
  CitedLine,
  Claim,
  Consensus,
  ConsensusStatus,
  Consultation,
  ConsultOptions,
  Dissent,
  ExpertAnswer,
  ExpertEvent,
  Material,
  Prompt,
  Question,
  SpilledText,
  Usage,
} from './circle/words.ts'
export { diagnose, type Look, lookInto } from './diagnose.ts'
export { Effort } from './effort.ts'
export { type EvidenceOptions, evidenceOf, type FailedTask } from './task-evidence.ts'
export type { EngineFacts, Evidence, Log } from './words.ts'
