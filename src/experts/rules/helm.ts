/** Helm: releases, charts and where they come from. */
import type { Rule } from '../words.ts'

export const helmRules: readonly Rule[] = [
  {
    id: 'helm-failed',
    cause: 'config-error',
    depth: 'step',
    phrases: ['UPGRADE FAILED: {message}', 'INSTALLATION FAILED: {message}'],
    unless: ['another operation', 'timed out waiting', 'context deadline', 'exceeded quota'],
    says: 'Helm could not install the release: {message}',
    log: 'Error: UPGRADE FAILED: rendered manifests contain a resource that is not known',
    source: 'Helm, pkg/cmd/upgrade.go',
  },
  {
    id: 'helm-owned',
    cause: 'already-exists',
    depth: 'fact',
    phrases: ['exists and cannot be imported into the current release'],
    says: 'What the chart wants to make exists and belongs to somebody else.',
    log: 'Error: INSTALLATION FAILED: Unable to continue with install: ConfigMap "x" in namespace "y" exists and cannot be imported into the current release: invalid ownership metadata',
    source: 'Helm, pkg/action/validate.go',
  },
  {
    id: 'helm-dependencies',
    cause: 'dependency-missing',
    depth: 'fact',
    phrases: ['found in Chart.yaml, but missing in charts/ directory: {charts}'],
    says: 'The charts that this one needs have not been fetched: {charts}',
    next: ['Fetch them: helm dependency build'],
    log: 'Error: found in Chart.yaml, but missing in charts/ directory: postgresql, redis',
    source: 'Helm, pkg/action/dependency.go',
  },
  {
    id: 'helm-chart-missing',
    cause: 'not-found-remote',
    depth: 'fact',
    phrases: [
      'Error: failed to download "{chart}" at version',
      'INSTALLATION FAILED: failed to download "{chart}"',
      'chart "{chart}" matching {version} not found in',
      'chart "{chart}" version "{version}" not found in',
      'no chart version found for {chart}',
      'improper constraint: {version}',
    ],
    says: 'The repository has no chart {chart} of this version.',
    log: 'Error: failed to download "bitnami/redis" at version "99.0.0"',
    source: 'Helm, pkg/action/install.go',
  },
]
