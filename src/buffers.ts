/**
 * Memory of buffers is given back at once where everybody knows who used it last: the collector sees only the small object in
 * front of it, and leaves tens of megabytes behind such objects lying about.
 */

/** Nobody may use them afterwards: what lies in the same buffer is gone with them. */
export function letGo(...arrays: readonly ArrayBufferView[]): void {
  for (const { buffer } of arrays) if (buffer instanceof ArrayBuffer && !buffer.detached) buffer.transfer(0)
}
