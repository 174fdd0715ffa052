import type { Store } from '@ferrite/conductor/store/store'

const never = new Promise<never>(() => {})

/** A store whose process can die, at a commit: from then on no call comes back, as for a process that is not there any more. */
export function mortalStore(
  store: Store,
  { crashes, died }: { crashes: () => 'before' | 'after' | undefined; died: () => void },
): Store {
  const life = { dead: false }
  const die = (): Promise<never> => {
    life.dead = true
    died()
    return never
  }
  return new Proxy(store, {
    get: (target, name) => {
      const member: unknown = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      const call = member as (...given: unknown[]) => unknown
      return (...args: unknown[]): unknown => {
        if (name === 'onEvents') return call.apply(target, args)
        if (life.dead) return never
        if (name !== 'commit') return call.apply(target, args)
        const now = crashes()
        if (now === 'before') return die()
        const result = call.apply(target, args) as Promise<unknown>
        return now === 'after' ? result.then(die) : result
      }
    },
  })
}
