/** Lets everything else of the process have its turn. */
export const nextTurn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve))
