/** Causes around the work: the machine, its network, and services that are reached over it. */
import type { Cause } from './cause.ts'

export const causesAround = {
  oom: {
    title: 'Out of memory',
    means: 'A process needed more memory than it may have, or than there was, and was ended for it.',
    next: [
      'Compare what the task needed with its limit: plimsoll show',
      'Raise the limit ("memory" of the task), or make it use less: fewer workers at once, smaller batches',
    ],
  },
  'disk-full': {
    title: 'Disk full',
    means: 'Something could not be written because its disk, or the quota on it, is full.',
    next: [
      'Look which disk is full: df -h; and df -i, because it may have run out of inodes',
      'Free space (old images, caches, logs), then run it again',
    ],
  },
  'resource-limit': {
    title: 'A limit of the operating system',
    means: 'A process reached a limit of the system: open files, processes, threads or watches.',
    next: [
      'Look at the limits: ulimit -a',
      'Raise the limit, or find what opens so many and does not close them',
    ],
  },
  'port-in-use': {
    title: 'Port in use',
    means: 'The address that a service wanted to listen on is taken by another process.',
    next: ['Find who listens there: ss -ltnp', 'Stop it, or let the service use another port'],
  },
  permission: {
    title: 'Permission denied',
    means: 'What was tried is not allowed to the user, role or token that tried it.',
    next: [
      'See which user, role or token it ran as, and which right is missing for exactly this thing',
      'Grant that right, or run the task as somebody who has it',
    ],
  },
  auth: {
    title: 'Authentication failed',
    means: 'A service did not accept who the task said it was: credentials are missing, wrong or expired.',
    next: [
      'Check that the secret is set where the task runs and has not expired',
      'Try the same log-in by hand with the same credentials',
    ],
  },
  dns: {
    title: 'Name not resolved',
    means: 'The name of a host could not be turned into an address.',
    next: [
      'Check the spelling of the host name, and look it up: getent hosts NAME',
      'Check the DNS server of this machine or container: /etc/resolv.conf',
    ],
  },
  'connection-refused': {
    title: 'Connection refused',
    means: 'Nothing listens at the address, or something on the way turns the connection away.',
    next: [
      'Check that the service runs and listens on this address: ss -ltn',
      'If it starts at the same time, wait for it before this task: an "http" task with "within"',
    ],
  },
  network: {
    title: 'Network broken',
    means: 'A connection could not be made or broke off: no route, reset, or cut in the middle.',
    next: [
      'Run it again: such failures often pass',
      'Check the route and the firewall between the two, and a proxy if there is one',
    ],
  },
  tls: {
    title: 'TLS failed',
    means:
      'The two sides could not agree on a secure connection; most often a certificate is not trusted or has expired.',
    next: [
      'Look at the certificate: openssl s_client -connect HOST:443',
      'Install the missing authority or renew the certificate; do not switch the check off',
    ],
  },
  timeout: {
    title: 'Timeout',
    means: 'Something took longer than it was given.',
    next: [
      'Find out what it was waiting for: the last lines before the timeout',
      'Raise the limit only if the work is really that long',
    ],
  },
  'rate-limit': {
    title: 'Rate limit',
    means: 'A service turned requests away because there were too many of them.',
    next: [
      'Wait and run it again; log in, because limits for the anonymous are lower',
      'Use a cache or a mirror for what is fetched in each run',
    ],
  },
  'remote-unavailable': {
    title: 'Remote service unavailable',
    means: 'A service that the task depends on answered with an error of its own, or gave nothing back.',
    next: [
      'Look at the status page of the service, and run it again later',
      'Retry in the plan: retry: { attempts: 3, backoff: exponential }',
    ],
  },
  'image-pull': {
    title: 'Image cannot be pulled',
    means: 'The container image does not exist under this name and tag, or may not be read.',
    next: [
      'Check the name and the tag: docker manifest inspect IMAGE',
      'If the registry is private, check that a log-in or pull secret is in place',
    ],
  },
} as const satisfies Record<string, Cause>
