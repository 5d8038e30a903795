/** What libcurl says of a transfer that failed, in whatever uses it: curl, Git, Cargo, conda, CMake, PHP, R. */
import type { Rule } from '../words.ts'

const source = 'curl, lib/strerror.c: curl_easy_strerror'

export const curlRules: readonly Rule[] = [
  {
    id: 'curl-name',
    cause: 'dns',
    phrases: ["Couldn't resolve host name", 'Could not resolve hostname'],
    log: "[6] Couldn't resolve host name",
    source,
  },
  {
    id: 'curl-time',
    cause: 'timeout',
    phrases: [
      'Timeout was reached',
      'Resolving timed out after',
      'Connection timeout after {ms#} ms',
      'SSL connection timeout',
    ],
    log: '[28] Timeout was reached (download of `se/rd/serde` failed to transfer more than 10 bytes in 30s)',
    source,
  },
  {
    id: 'curl-tls',
    cause: 'tls',
    phrases: [
      'SSL connect error',
      'SSL peer certificate or SSH remote key was not OK',
      'Problem with the SSL CA cert',
      "Couldn't use specified SSL cipher",
      'Peer certificate cannot be authenticated with given CA certificates',
    ],
    // What breaks off says why behind it.
    unless: ['Recv failure', 'SSL_ERROR_SYSCALL', 'Connection reset'],
    log: 'curl: (60) SSL peer certificate or SSH remote key was not OK',
    source,
  },
  {
    id: 'curl-transfer',
    cause: 'network',
    phrases: [
      'Failure when receiving data from the peer',
      'Failed sending data to the peer',
      'Server returned nothing (no headers, no data)',
      'Error in the HTTP2 framing layer',
      'Stream error in the HTTP/2 framing layer',
      'HTTP/2 stream {stream#} was not closed cleanly',
      'SSL connect error (Recv failure',
      'OpenSSL SSL_connect: SSL_ERROR_SYSCALL',
      'OpenSSL SSL_read: SSL_ERROR_SYSCALL',
      'Send failure: ',
      'is the internet available?',
      'Recv failure: ',
    ],
    log: 'curl: (56) Failure when receiving data from the peer',
    source,
  },
]
