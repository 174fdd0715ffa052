import { createHash } from 'node:crypto'

type Asked = { name: string; params: unknown }

const remembered = 256

/** The commands that requests began, by the caller's key and what was asked: a repeated delivery is known as one. */
export function idempotency<T>(): {
  find(key: string | undefined, asked: Asked): T | undefined
  keep(key: string | undefined, asked: Asked, value: T): void
} {
  const known = new Map<string, T>()
  return {
    find: (key, asked) => (key === undefined ? undefined : known.get(digest(key, asked))),
    keep(key, asked, value) {
      if (key === undefined) return
      known.set(digest(key, asked), value)
      const [oldest] = known.keys()
      if (known.size > remembered && oldest !== undefined) known.delete(oldest)
    },
  }
}

const digest = (key: string, { name, params }: Asked): string =>
  createHash('sha256')
    .update(JSON.stringify([key, name, params]))
    .digest('hex')
