/** Generators of sites and documentation, what checks their links, runners of monorepos, and cargo when it publishes. */
import type { Rule } from '../words.ts'

export const siteRules: readonly Rule[] = [
  {
    id: 'hugo-build',
    cause: 'compile-error',
    depth: 'step',
    phrases: [
      'Error building site: ',
      'error building site: ',
      'failed to extract shortcode: ',
      'Docusaurus static site generation failed',
    ],
    says: 'The site could not be generated from its pages and templates.',
    log: 'Error: error building site: assemble: "/srv/docs/content/a.md:31:1": failed to extract shortcode: template for shortcode "figur" not found',
    source: 'Hugo, hugolib/hugo_sites_build.go; Docusaurus, ssg.ts',
  },
  {
    id: 'hugo-module',
    cause: 'dependency-missing',
    phrases: ['Error: module "{module}" not found in', 'error: module "{module}" not found in'],
    says: 'Hugo cannot find the theme or module {module}.',
    next: ['Fetch its submodule, or hugo mod get'],
    log: 'Error: module "docsy" not found in "/srv/docs/themes/docsy"; either add it as a Hugo Module or store it in "/srv/docs/themes".',
    source: 'Hugo, modules/collect.go',
  },
  {
    // What a checker of links met while it checked is what it reports, not what broke the work.
    id: 'link-check',
    cause: 'quality-gate',
    phrases: [
      '| Failed: Network error',
      '| Network error: ',
      '| Rejected status code',
      '{count#} dead links found!',
      '{count#} dead link found!',
      'HTML-Proofer found {count#} failure',
      'Docusaurus found broken links',
    ],
    unless: ['0 dead links'],
    says: 'A check of links found some that lead nowhere.',
    log: '[404] https://shop.example/gone | Failed: Network error: Not Found',
    source:
      'lychee, lychee-bin/src/formatters; markdown-link-check; html-proofer; Docusaurus, brokenLinks.ts',
  },
  {
    id: 'monorepo-config',
    cause: 'config-error',
    phrases: [
      "The externalDependency '{name}' for '{task}' could not be found",
      'Cannot find configuration for task {task@}',
      "Cannot find project '{project}'",
      'because the task graph has a circular dependency',
      'Could not find task `{task}` in project',
      'could not find task `{task}` in project',
      'Found `pipeline` field instead of `tasks`',
    ],
    says: 'The description of the projects and their tasks is not accepted.',
    log: "Error: The externalDependency 'vite' for 'shop:build' could not be found",
    source: 'Nx, packages/nx/src/hasher and src/tasks-runner; Turborepo, crates/turborepo-lib',
  },
  {
    id: 'cargo-package',
    cause: 'compile-error',
    depth: 'step',
    phrases: ['error: failed to verify package tarball'],
    says: 'The crate does not build from the package that would be published.',
    next: ['Compare what cargo package --list names with what the build needs'],
    log: 'error: failed to verify package tarball',
    source: 'Cargo, src/cargo/ops/cargo_package',
  },
  {
    id: 'gix-directory',
    cause: 'already-exists',
    phrases: ['Refusing to initialize the non-empty directory as'],
    says: 'The directory to clone into is not empty.',
    log: "error: couldn't fetch advisory database: git operation failed: Refusing to initialize the non-empty directory as '/root/.cargo/advisory-db'",
    source: 'gitoxide, gix/src/create.rs',
  },
]
