/**
 * All rules. They are data: what a tool prints, what it means, where the words come from. They promise nothing of order:
 * which of several that fit is the cause is decided in `rank.ts`.
 */
import type { Rule } from '../words.ts'
import { alertRules } from './alerts.ts'
import { ansibleRules } from './ansible.ts'
import { appleRules } from './apple.ts'
import { applicationServerRules } from './application-servers.ts'
import { applicationSettingsRules } from './application-settings.ts'
import { autotoolRules } from './autotools.ts'
import { brokerRules } from './brokers.ts'
import { buildToolRules } from './build-tools.ts'
import { cRules } from './c.ts'
import { cToolRules } from './c-tools.ts'
import { ciRules } from './ci.ts'
import { ciServiceRules } from './ci-services.ts'
import { cloudRules } from './cloud.ts'
import { cloudCommandRules } from './cloud-commands.ts'
import { clusterRules } from './clusters.ts'
import { compilerRules } from './compilers.ts'
import { configurationManagementRules } from './configuration-management.ts'
import { containerEngineRules } from './container-engines.ts'
import { containerRules } from './containers.ts'
import { curlRules } from './curl.ts'
import { databaseAnswerRules } from './database-answers.ts'
import { databaseServerRules } from './database-servers.ts'
import { databaseRules } from './databases.ts'
import { debianBuildRules } from './debian-builds.ts'
import { directoryRules } from './directories.ts'
import { distributionToolRules } from './distribution-tools.ts'
import { distributionRules } from './distributions.ts'
import { dockerEngineRules } from './docker-engine.ts'
import { dotnetRules } from './dotnet.ts'
import { fileRules } from './files.ts'
import { gateRules } from './gates.ts'
import { gitRules } from './git.ts'
import { gitopsRules } from './gitops.ts'
import { goRules } from './go.ts'
import { gradleRules } from './gradle.ts'
import { helmRules } from './helm.ts'
import { httpServiceRules } from './http-services.ts'
import { imageRules } from './images.ts'
import { infrastructureRules } from './infrastructure.ts'
import { installerRules } from './installers.ts'
import { javaRules } from './java.ts'
import { javaBuildRules } from './java-builds.ts'
import { javaPluginRules } from './java-plugins.ts'
import { javaToolchainRules } from './java-toolchains.ts'
import { javascriptRules } from './javascript.ts'
import { javascriptTestRules } from './javascript-tests.ts'
import { javascriptToolRules } from './javascript-tools.ts'
import { kubernetesRules } from './kubernetes.ts'
import { kubernetesEventRules } from './kubernetes-events.ts'
import { kubernetesPodRules } from './kubernetes-pods.ts'
import { kubernetesReferenceRules } from './kubernetes-references.ts'
import { languageToolchainRules } from './language-toolchains.ts'
import { localeRules } from './locales.ts'
import { machineLearningRules } from './machine-learning.ts'
import { machineRules } from './machines.ts'
import { memoryRules } from './memory.ts'
import { migrationRules } from './migrations.ts'
import { mobileRules } from './mobile.ts'
import { modelRules } from './models.ts'
import { moreLanguageRules } from './more-languages.ts'
import { namedCommandRules } from './named-commands.ts'
import { nativeBuildRules } from './native-builds.ts'
import { nativeToolRules } from './native-tools.ts'
import { networkRules } from './network.ts'
import { nixRules } from './nix.ts'
import { nodeRules } from './nodes.ts'
import { npmRules } from './npm.ts'
import { objectStoreRules } from './object-stores.ts'
import { otherToolRules } from './other-tools.ts'
import { packageBuildRules } from './package-builds.ts'
import { packageRules } from './packages.ts'
import { packagingRules } from './packaging.ts'
import { phpRules } from './php.ts'
import { pipelineRules } from './pipelines.ts'
import { platformRules } from './platforms.ts'
import { pythonRules } from './python.ts'
import { pythonPackageRules } from './python-packages.ts'
import { pythonToolRules } from './python-tools.ts'
import { rubyRules } from './ruby.ts'
import { runnerRules } from './runners.ts'
import { rustRules } from './rust.ts'
import { serverRules } from './servers.ts'
import { settingsRules } from './settings.ts'
import { shellRules } from './shell.ts'
import { signalRules } from './signals.ts'
import { siteRules } from './sites.ts'
import { smallClusterRules } from './small-clusters.ts'
import { solverRules } from './solvers.ts'
import { sqlStatementRules } from './sql-statements.ts'
import { sshRules } from './ssh.ts'
import { stackRules } from './stacks.ts'
import { storeRules } from './stores.ts'
import { systemdRules } from './systemd.ts'
import { terraformRules } from './terraform.ts'
import { terraformRunRules } from './terraform-runs.ts'
import { timeoutRules } from './timeouts.ts'
import { tlsRules } from './tls.ts'
import { toolchainRules } from './toolchains.ts'
import { translatedCompilerRules } from './translated-compilers.ts'
import { vcsRules } from './vcs.ts'
import { virtualMachineRules } from './virtual-machines.ts'

export const rules: readonly Rule[] = [
  ...alertRules,
  ...ansibleRules,
  ...appleRules,
  ...applicationServerRules,
  ...applicationSettingsRules,
  ...autotoolRules,
  ...brokerRules,
  ...buildToolRules,
  ...cRules,
  ...cToolRules,
  ...ciRules,
  ...ciServiceRules,
  ...cloudCommandRules,
  ...cloudRules,
  ...clusterRules,
  ...compilerRules,
  ...configurationManagementRules,
  ...containerEngineRules,
  ...containerRules,
  ...curlRules,
  ...databaseAnswerRules,
  ...databaseRules,
  ...databaseServerRules,
  ...debianBuildRules,
  ...directoryRules,
  ...distributionRules,
  ...distributionToolRules,
  ...dockerEngineRules,
  ...dotnetRules,
  ...fileRules,
  ...gateRules,
  ...gitRules,
  ...gitopsRules,
  ...goRules,
  ...gradleRules,
  ...helmRules,
  ...httpServiceRules,
  ...imageRules,
  ...infrastructureRules,
  ...installerRules,
  ...javaBuildRules,
  ...javaPluginRules,
  ...javaRules,
  ...javaToolchainRules,
  ...javascriptRules,
  ...javascriptTestRules,
  ...javascriptToolRules,
  ...kubernetesEventRules,
  ...kubernetesPodRules,
  ...kubernetesReferenceRules,
  ...kubernetesRules,
  ...localeRules,
  ...machineLearningRules,
  ...machineRules,
  ...memoryRules,
  ...migrationRules,
  ...mobileRules,
  ...modelRules,
  ...moreLanguageRules,
  ...namedCommandRules,
  ...nativeBuildRules,
  ...nativeToolRules,
  ...networkRules,
  ...nixRules,
  ...nodeRules,
  ...npmRules,
  ...objectStoreRules,
  ...packageBuildRules,
  ...otherToolRules,
  ...packageRules,
  ...packagingRules,
  ...phpRules,
  ...pipelineRules,
  ...platformRules,
  ...pythonPackageRules,
  ...pythonRules,
  ...pythonToolRules,
  ...rubyRules,
  ...runnerRules,
  ...rustRules,
  ...serverRules,
  ...settingsRules,
  ...shellRules,
  ...signalRules,
  ...siteRules,
  ...smallClusterRules,
  ...solverRules,
  ...sqlStatementRules,
  ...sshRules,
  ...stackRules,
  ...storeRules,
  ...systemdRules,
  ...terraformRules,
  ...terraformRunRules,
  ...timeoutRules,
  ...tlsRules,
  ...toolchainRules,
  ...languageToolchainRules,
  ...translatedCompilerRules,
  ...vcsRules,
  ...virtualMachineRules,
]
