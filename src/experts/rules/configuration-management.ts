/** What sets up machines from descriptions: Salt, Puppet, Chef; and what keeps secrets for them: Vault. */
import type { Rule } from '../words.ts'

export const configurationManagementRules: readonly Rule[] = [
  {
    id: 'salt-puppet-running',
    cause: 'lock-held',
    depth: 'fact',
    phrases: [
      'is running as PID {pid#} and was started at',
      'Run of Puppet configuration client already in progress',
      'Chef Client {pid} is running, will wait for it to finish',
      'Chef is already running',
    ],
    says: 'Another run on the same machine is not over.',
    log: 'The function "state.highstate" is running as PID 10648 and was started at 2015, Jul 28 23:11:31.847915 with jid 20150728231131847915',
    source: 'Salt, modules/state.py; Puppet, lib/puppet/agent.rb; Chef, run_lock.rb',
  },
  {
    id: 'salt-puppet-description',
    cause: 'config-error',
    depth: 'step',
    phrases: [
      'Data failed to compile:',
      "Rendering SLS '{sls}' failed: {message}",
      'Could not retrieve catalog from remote server: {message}',
      'Evaluation Error: {message}',
      'Recipe Compile Error in {path@}',
      'No matching sls found for',
      'Pillar failed to render with the following messages',
    ],
    unless: ['refused', 'timed out', 'getaddrinfo', 'certificate'],
    says: 'The description of the machine is not accepted: {message}',
    log: '    Data failed to compile:\n----------\n    ID mystate in SLS teststate is not a dictionary\nError: state.apply failed',
    source: 'Salt, state.py; Puppet, lib/puppet/configurer.rb; Chef, formatters/error_mapper.rb',
  },
  {
    id: 'salt-silent',
    cause: 'timeout',
    phrases: ['Minion did not return. [No response]', 'Minion did not return. [Not connected]'],
    says: 'A machine did not answer its master in time.',
    log: 'web1:\n    Minion did not return. [No response]',
    source: 'Salt, client/__init__.py',
  },
  {
    id: 'vault-initialized',
    cause: 'already-exists',
    depth: 'fact',
    phrases: ['Vault is already initialized'],
    says: 'This Vault has been initialized before.',
    next: ['Unseal it with the keys of that time: vault operator unseal'],
    log: '* Vault is already initialized',
    source: 'Vault, vault/init.go',
  },
  {
    id: 'vault-settings',
    cause: 'config-error',
    phrases: [
      'Vault is not initialized',
      'security barrier not initialized',
      'Error initializing listener of type',
      'Error parsing Seal configuration: {message}',
    ],
    unless: ['refused', 'address already in use', 'AccessDenied', 'no such host'],
    says: 'Vault is not set up yet, or not as it is configured.',
    log: '* Vault is not initialized',
    source: 'Vault, vault/core.go and command/server.go',
  },
]
