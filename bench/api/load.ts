import { Pool } from 'undici'

export type Ask = { method?: 'GET' | 'POST'; path: string; body?: unknown }
export type Rate = {
  done: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  failed: number
  reason: string | undefined
}

export type Load = {
  /** Asks with every connection at once until `count` answers have come or the time is over. */
  run(next: (index: number) => Ask | readonly Ask[], limits: { count?: number; seconds: number }): Promise<Rate>
  one(ask: Ask): Promise<{ ms: number; status: number; text: string }>
}

const headers = { 'x-openstack-ironic-api-version': '1.115', 'content-type': 'application/json' }

/** Requests on a bounded number of kept connections, each after the answer to the one before. */
export function openLoad(url: string, connections: number): Load & AsyncDisposable {
  const pool = new Pool(url, { connections, pipelining: 1 })
  const one = async ({ method = 'GET', path, body }: Ask) => {
    const started = performance.now()
    const answer = await pool.request({ method, path, headers, body: body === undefined ? null : JSON.stringify(body) })
    const text = await answer.body.text()
    return { ms: performance.now() - started, status: answer.statusCode, text }
  }
  return {
    one,
    run: async (next, { count = Number.POSITIVE_INFINITY, seconds }) => {
      const times: number[] = []
      const bad: string[] = []
      let index = 0
      const started = performance.now()
      const until = started + seconds * 1000
      const worker = async (): Promise<void> => {
        while (index < count && performance.now() < until) {
          index += 1
          const asks = [next(index - 1)].flat()
          let ms = 0
          for (const ask of asks) {
            const answer = await one(ask)
            ms += answer.ms
            if (answer.status >= 400) bad.push(`${answer.status} ${answer.text.slice(0, 200)}`)
          }
          times.push(ms)
        }
      }
      await Promise.all(Array.from({ length: connections }, worker))
      const spent = (performance.now() - started) / 1000
      return {
        done: times.length,
        perSecond: times.length / spent,
        ...percentiles(times),
        failed: bad.length,
        reason: bad[0],
      }
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

function percentiles(times: readonly number[]): { p50Ms: number; p99Ms: number } {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
  return { p50Ms: at(0.5), p99Ms: at(0.99) }
}
