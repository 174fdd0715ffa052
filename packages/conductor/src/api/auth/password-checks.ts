import { Worker } from 'node:worker_threads'
import { Fault } from '@ferrite/shared/fault'

export type PasswordChecks = {
  /** Fault busy when too many wait. */
  verify(password: string, hash: string): Promise<boolean>
  close(): Promise<void>
}

const mostWaiting = 32

/** Compares passwords in a thread of its own: a bcrypt takes its tenth of a second beside the API, not inside of it. */
export function openPasswordChecks(): PasswordChecks {
  const waiting = new Map<number, PromiseWithResolvers<boolean>>()
  let worker: Worker | undefined
  let last = 0
  const failAll = (cause: unknown): void => {
    worker = undefined
    for (const { reject } of waiting.values()) reject(new Fault('busy', 'passwords cannot be checked now', { cause }))
    waiting.clear()
  }
  const start = (): Worker => {
    const started = new Worker(new URL('./bcrypt-worker.ts', import.meta.url), { env: {}, execArgv: [] })
    started.unref()
    started.on('message', ({ id, right }: { id: number; right: boolean }) => {
      waiting.get(id)?.resolve(right)
      waiting.delete(id)
    })
    started.on('error', failAll)
    started.on('exit', () => failAll(new Error('the thread has ended')))
    return started
  }
  return {
    verify: (password, hash) => {
      if (waiting.size >= mostWaiting) throw new Fault('busy', 'Too many logins at the same time; try again.')
      worker ??= start()
      const answer = Promise.withResolvers<boolean>()
      last += 1
      waiting.set(last, answer)
      worker.postMessage({ id: last, password, hash })
      return answer.promise
    },
    close: async () => void (await worker?.terminate()),
  }
}
