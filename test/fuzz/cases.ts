import { setImmediate } from 'node:timers/promises'

/** How many cases each fuzz test runs: enough for every change, or as many as a night has time for. */
export const cases = Number(process.env['TEST_FUZZ_CASES'] ?? 10_000)

export const minutes = (count: number): number => count * 60_000

/** Runs the cases and names the first that breaks a promise, so that it can be run again alone. */
export async function runCases(
  count: number,
  each: (number: number) => Promise<void> | void,
): Promise<{ slowestMs: number }> {
  const only = process.env['TEST_FUZZ_CASE']
  const first = only === undefined ? 0 : Number(only)
  let slowestMs = 0
  for (let number = first; number < (only === undefined ? count : first + 1); number += 1) {
    const started = performance.now()
    try {
      await each(number)
    } catch (cause) {
      throw new Error(`case ${number} fails; run it alone with TEST_FUZZ_CASE=${number}`, { cause })
    }
    slowestMs = Math.max(slowestMs, performance.now() - started)
    // Finalizers and the ends of streams run only between turns of the event loop.
    if (number % 100 === 0) await setImmediate()
  }
  return { slowestMs }
}
