/** Names of runs: they sort by time and are short enough to type. */

/** No vowels, so that no words appear; no 0, 1 or l, which look like others. */
const letters = '23456789bcdfghjkmnpqrstvwxz'

/** "20261123-101530-k3f9": UTC to the second, then four letters of chance (1 in 531,441). */
export function newRunId(nowMs: number, random: () => number): string {
  const [date = '', time = ''] = new Date(nowMs).toISOString().split('T')
  const tail = Array.from({ length: 4 }, () => letters[Math.floor(random() * letters.length)] ?? letters[0])
  return `${date.replaceAll('-', '')}-${time.slice(0, 8).replaceAll(':', '')}-${tail.join('')}`
}
