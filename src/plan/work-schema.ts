/** What people write of work, of a task or of its undo: one of run, exec, call and http, and what belongs to it. */
import * as z from 'zod/mini'
import { duration, either, filledText, keys, list, maybe, named, text, whole, word } from './leaf.ts'

export const workKeys = {
  run: maybe(filledText('A shell command line; reaches the shell as written')),
  exec: maybe(
    list(
      text('One word'),
      'A program and its arguments; no shell',
      'a list of words such as [node, server.js]; a line for the shell is written "run"',
    ).check(z.minLength(1, { error: 'at least one word' })),
  ),
  call: maybe(filledText('A function: ./module.ts#exportedFunction, relative to the plan file')),
  http: maybe(filledText('A URL that must answer as "expect" says')),
  with: maybe(
    z.unknown().register(z.globalRegistry, { description: 'The argument of the function: any value' }),
  ),
  in: maybe(
    word(
      ['thread', 'process', 'inline'],
      'Where the function runs. Default process with "memory", else thread',
    ),
  ),
  method: maybe(
    word(
      ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
      'The method of the request. Default GET',
    ),
  ),
  headers: maybe(named(text('May contain ${...}'), 'The headers of the request')),
  body: maybe(text('The body of the request')),
  expect: maybe(
    keys(
      {
        status: maybe(
          either(
            'a status from 100 to 599, or a list of them',
            [whole(100, 599, 'A status'), list(whole(100, 599, 'A status'), 'Any of these')],
            'The status of the answer. Default 200',
          ),
        ),
        body: maybe(text('Text that the body of the answer must contain')),
      },
      { description: 'What the answer must be' },
    ),
  ),
  within: maybe(duration(0, 'How long the probe may take to succeed. Default 0: it asks once')),
  every: maybe(duration(1, 'The wait between two requests. Default 1s')),
}

export const oneWork = [
  { required: ['run'] },
  { required: ['exec'] },
  { required: ['call'] },
  { required: ['http'] },
]

export const undoSchema = keys(
  { ...workKeys, timeout: maybe(duration(1, 'Time limit of the undo. Default: that of the task')) },
  { description: 'Work that takes back what the task did', oneOf: oneWork },
)

export type WorkWritten = Omit<z.output<typeof undoSchema>, 'timeout'>
