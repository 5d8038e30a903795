/** Every command has these. */
export const commonOptions = {
  state: {
    type: 'string',
    value: 'DIR',
    summary: 'where the record and the logs are kept (default .plimsoll beside the plan)',
  },
  database: {
    type: 'string',
    value: 'URL',
    summary: 'keeps the record in PostgreSQL, for several machines (default $PLIMSOLL_DATABASE_URL)',
  },
  json: { type: 'boolean', summary: 'JSON lines on standard output, progress on standard error' },
  debug: { type: 'boolean', summary: 'shows where an error comes from' },
  help: { type: 'boolean', short: 'h', summary: 'shows this' },
} as const
