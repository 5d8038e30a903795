import { MemoryMonitor } from '../memory/memory.ts'
import { layerOfVariables, layerOptions } from '../plan/plan.ts'

/** With the load line that a deployment has here: that of the variables, else the usual one. @throws OPTION_INVALID */
export function monitorHere(): MemoryMonitor {
  const { executor } = layerOptions([layerOfVariables(process.env)])
  return new MemoryMonitor({
    threshold: executor.memoryPressureThreshold,
    budgetBytes: executor.memoryBudgetBytes,
  })
}
