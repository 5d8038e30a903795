import { existsSync, readFileSync } from 'node:fs'
import { parseExitRecord } from '../../src/runners/supervisor.ts'

/** The supervisor makes the file before its command begins, and fills it at its end. */
export const hasExitRecord = (file: string): boolean =>
  existsSync(file) && parseExitRecord(readFileSync(file, 'utf8')) !== undefined
