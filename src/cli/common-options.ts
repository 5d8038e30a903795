/** Every command has these. */
export const commonOptions = {
  state: {
    type: 'string',
    value: 'DIR',
    summary: 'where the record and the logs are kept (default .plimsoll beside the plan)',
  },
  json: { type: 'boolean', summary: 'JSON lines on standard output, progress on standard error' },
  debug: { type: 'boolean', summary: 'shows where an error comes from' },
  help: { type: 'boolean', short: 'h', summary: 'shows this' },
} as const
