/** Platforms that build, start and watch a service: Heroku, Vercel, Netlify, Fly.io, functions. */
import type { Rule } from '../words.ts'

export const platformRules: readonly Rule[] = [
  {
    id: 'platform-memory',
    cause: 'oom',
    depth: 'fact',
    phrases: [
      'Error R14 (Memory quota exceeded)',
      'Error R15 (Memory quota vastly exceeded)',
      'Memory limit of {limit} exceeded with {used} used',
      'Runtime exited with error: signal: killed',
      'Ran out of memory (used over {limit})',
    ],
    says: 'The platform says that the service went over its memory.',
    log: 'heroku[web.1]: Error R15 (Memory quota vastly exceeded)',
    source: 'Heroku, error codes; Google Cloud Run, troubleshooting; AWS Lambda; Render',
  },
  {
    id: 'platform-boot',
    cause: 'timeout',
    phrases: [
      'Error R10 (Boot timeout)',
      'Web process failed to bind to $PORT within {seconds#} seconds of launch',
      'Error H20 (App boot timeout)',
      'Error H12 (Request timeout)',
      'Port scan timeout reached, no open ports detected',
    ],
    says: 'The service did not listen in the time that the platform gives it.',
    next: [
      'Let it listen on the port of the environment variable PORT, on all addresses, before slow work',
      'Read its log from its start',
    ],
    log: 'heroku[web.1]: Error R10 (Boot timeout) -> Web process failed to bind to $PORT within 60 seconds of launch',
    source: 'Heroku, error codes; Render, troubleshooting',
  },
  {
    id: 'platform-runtime',
    cause: 'runtime-version-mismatch',
    phrases: [
      'Found invalid Node.js Version: {version}',
      'Requested runtime ({runtime@}) is not available for this stack',
      'No matching version found for node: {version@}',
      'The runtime parameter of {runtime@} is no longer supported',
    ],
    says: 'The platform does not have the version of the runtime that is asked for.',
    log: 'Error: Found invalid Node.js Version: "22.x". Please set Node.js Version to 20.x in your Project Settings to use Node.js 20.',
    source: 'Vercel, build-utils; Heroku buildpacks; AWS Lambda',
  },
]
