import { readFileSync } from 'node:fs'
import { hostname, userInfo } from 'node:os'
import { messageOf } from '../errors.ts'
import { packageFile } from '../own-files.ts'
import type { Actor } from './audit-words.ts'

/** UTF-16 units of a name that others have set. */
const longestName = 200

/** What tells that a CI system runs us, and for whom: https://github.com/watson/ci-info lists these variables. */
const systems = [
  { name: 'GitHub Actions', sign: 'GITHUB_ACTIONS', actor: 'GITHUB_ACTOR' },
  { name: 'GitLab CI', sign: 'GITLAB_CI', actor: 'GITLAB_USER_LOGIN' },
  { name: 'Jenkins', sign: 'JENKINS_URL', actor: 'BUILD_USER_ID' },
  { name: 'CircleCI', sign: 'CIRCLECI', actor: 'CIRCLE_USERNAME' },
  { name: 'Buildkite', sign: 'BUILDKITE', actor: 'BUILDKITE_BUILD_CREATOR' },
  { name: 'Azure Pipelines', sign: 'TF_BUILD', actor: 'BUILD_REQUESTEDFOR' },
  { name: 'Bitbucket Pipelines', sign: 'BITBUCKET_BUILD_NUMBER', actor: 'BITBUCKET_STEP_TRIGGERER_UUID' },
  { name: 'Drone', sign: 'DRONE', actor: 'DRONE_COMMIT_AUTHOR' },
  { name: 'Travis CI', sign: 'TRAVIS', actor: 'TRAVIS_COMMIT_AUTHOR' },
  { name: 'CI', sign: 'CI', actor: 'CI_ACTOR' },
] as const

/** Who we are. `command` is what was typed, without secrets. Variables are what others claim; the user is what the system knows. */
export function actorHere(variables: NodeJS.ProcessEnv, command: string | null): Actor {
  const system = systems.find(({ sign }) => variables[sign])
  return {
    user: userHere(),
    sudoUser: named(variables.SUDO_USER),
    host: hostname(),
    ci: system?.name ?? null,
    actor: system === undefined ? null : named(variables[system.actor]),
    terminal: process.stdin.isTTY === true && process.stderr.isTTY === true,
    release: release(),
    command,
  }
}

const named = (text: string | undefined): string | null => (text ? text.slice(0, longestName) : null)

/** A user without an entry in the list of users (in a container) is a number. */
function userHere(): string {
  try {
    return userInfo().username
  } catch (error) {
    return process.getuid ? `uid ${process.getuid()}` : messageOf(error)
  }
}

function release(): string {
  const text = readFileSync(packageFile, 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

/** "ada on web1 (GitHub Actions, octocat)" */
export function actorText({ user, sudoUser, host, ci, actor }: Actor): string {
  const more = [sudoUser, ci, actor].filter((part) => part !== null)
  return `${user} on ${host}${more.length === 0 ? '' : ` (${more.join(', ')})`}`
}
