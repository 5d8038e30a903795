/** What a task depends on cannot be told now: then it runs, and its success is no ground for skipping it later. */
export class InputsUnknown extends Error {
  override readonly name = 'InputsUnknown'
}
