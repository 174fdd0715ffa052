/** Roles as Keystone has them; each of the first four holds those after it. */
export const roles = ['admin', 'manager', 'member', 'reader', 'service'] as const
export type Role = (typeof roles)[number]

/** Who makes a request, whichever way it was shown. */
export type Principal = {
  user: string | null
  /** The project that the roles are held in; null for the system or for nobody. */
  project: string | null
  /** The roles are held on the whole system. */
  system: boolean
  /** A service of the trusted service project. */
  serviceProject: boolean
  roles: ReadonlySet<Role>
  via: 'noauth' | 'http_basic' | 'token' | 'keystone' | 'none'
}

const chain: readonly Role[] = ['admin', 'manager', 'member', 'reader']

/** A role with those it implies. Names that are no role of ours are left out. */
export function withImplied(given: Iterable<string>): ReadonlySet<Role> {
  const held = new Set<Role>()
  for (const name of given) {
    const at = chain.indexOf(name as Role)
    for (const role of at < 0 ? [] : chain.slice(at)) held.add(role)
    if (name === 'service') held.add('service')
  }
  return held
}

const nobodys = { user: null, project: null, serviceProject: false } as const

/** Whoever calls an API without authentication: everything is theirs. */
export const unauthenticated: Principal = { ...nobodys, system: true, roles: withImplied(['admin']), via: 'noauth' }
/** Callers of routes that need no credential. */
export const anonymous: Principal = { ...nobodys, system: false, roles: new Set(), via: 'none' }
