/** Stores of objects and files: S3 and what speaks like it, MinIO, rclone. */
import type { Rule } from '../words.ts'

export const objectStoreRules: readonly Rule[] = [
  {
    id: 's3-auth',
    cause: 'auth',
    phrases: [
      'The request signature we calculated does not match the signature you provided',
      'Access Key Id you provided does not exist in our records',
      'RequestTimeTooSkewed',
      'The difference between the request time and the',
    ],
    says: 'The store did not accept the keys, or the clock of this machine is wrong.',
    log: 'mc: <ERROR> Failed to copy `app.tgz`. The request signature we calculated does not match the signature you provided.',
    source: 'Amazon S3 and MinIO, cmd/api-errors.go',
  },
  {
    id: 's3-bucket',
    cause: 'not-found-remote',
    phrases: [
      'Bucket `{bucket@}` does not exist',
      'error reading source root directory: directory not found',
      'Failed to copy: directory not found',
    ],
    says: 'The store has no such bucket or folder.',
    log: 'mc: <ERROR> Failed to copy `app.tgz`. Bucket `releases` does not exist.',
    source: 'MinIO client, cmd/error.go; rclone, fs/fs.go',
  },
  {
    id: 'minio-drive',
    cause: 'permission',
    depth: 'fact',
    phrases: ['drive access denied', 'Please ensure MinIO binary has write permissions'],
    says: 'The store may not write to its own drive.',
    log: 'ERROR Unable to use the drive /data: drive access denied: Unable to write to the backend',
    source: 'MinIO, internal/config/errors.go',
  },
  {
    id: 'minio-settings',
    cause: 'config-error',
    also: ['auth'],
    depth: 'fact',
    phrases: [
      'Unable to validate credentials inherited from the shell environment',
      'Unsupported backend format [{format}] found on',
      "didn't find section in config file",
      'Unable to initialize backend: {message}',
    ],
    unless: ['Permission denied', 'access denied', 'No space', 'drive not found'],
    says: 'The store or its client is not configured as it has to be.',
    log: 'FATAL Unable to validate credentials inherited from the shell environment: Invalid credentials',
    source: 'MinIO, internal/config/errors.go; rclone, fs/registry.go',
  },
  {
    id: 'minio-full',
    cause: 'disk-full',
    depth: 'fact',
    phrases: [
      'Storage backend has reached its minimum free drive threshold',
      'XMinioStorageFull',
      'Storage reached its minimum free drive threshold',
    ],
    says: 'The disk of the store is full.',
    log: 'mc: <ERROR> Failed to copy `app.tgz`. Storage backend has reached its minimum free drive threshold.',
    source: 'MinIO, cmd/api-errors.go',
  },
]
