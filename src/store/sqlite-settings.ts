/** What the writer and the readers of one SQLite file agree on. */

/** How long a connection waits for another process; the default of node:sqlite is not to wait at all. */
export const busyTimeoutMs = 5_000
