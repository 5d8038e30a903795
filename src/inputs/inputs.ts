/**
 * What a task depends on, as one digest: its command, its environment, the values and secrets that it names, and the
 * files of its `inputs`; and what it has made. Equal digests mean that nothing changed.
 *
 * It promises: any change of any part changes the digest; the order in which things are written or found does not;
 * memory stays bounded however large the files are; a secret can be found out from no digest without the key. Only
 * contents count, never times: a file that was written again with the same content has not changed. It does not decide
 * what follows from that, keeps nothing, and does not know what a program reads that no glob names.
 */
export { changesBetween } from './changes.ts'
export { keepSealKey, readSealKey } from './seal-key.ts'
export { type DigestContext, digestOutputs, digestTask, type TaskDigest } from './task-digest.ts'
export type { Parts } from './tree-digest.ts'
export { InputsUnknown } from './unknown.ts'
