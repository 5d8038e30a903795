import type { Ticket } from './ticket.ts'

/** A worker as its crew sees it, be it a thread or a process. */
export type Hand = {
  /** Jobs that were sent and have not ended. */
  readonly load: number
  /** How many more may be sent. */
  readonly room: number
  /** It has grown, is worn, was stopped or has something left running: no more jobs. */
  readonly isTired: boolean
  /** It has a job whose worker must not be given another. */
  readonly isTaken: boolean
  give(tickets: readonly Ticket[]): void
  /** The job that was sent last, if it has not been begun. */
  takeBack(): Ticket | undefined
  /** Takes the job back, or asks its function to end and ends the worker when it does not. */
  stop(ticket: Ticket): void
  /** Stops what runs. */
  stopAll(error: unknown): void
  /** Ends the worker, which has nothing to do. */
  end(): Promise<void>
}

/** What a worker tells its crew. */
export type HandEvents = {
  readonly onAnswer: (hand: Hand, durationMs: number) => void
  /** It is gone; jobs that had not been begun come back. */
  readonly onGone: (hand: Hand, unbegun: readonly Ticket[]) => void
}
