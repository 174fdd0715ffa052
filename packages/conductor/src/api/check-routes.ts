import { Fault } from '@ferrite/shared/fault'
import { isPolicy } from './auth/policies.ts'
import { methods, type DeclaredRoute } from './route.ts'

/** Refuses a table with a route that lacks listener, authorisation or limits, or that stands in it twice. */
export function checkRoutes(routes: readonly DeclaredRoute[]): void {
  const seen = new Set<string>()
  for (const route of routes) {
    const name = `${route.method} ${route.path}`
    const missing = missingParts(route)
    if (missing.length > 0) throw new Fault('bug', `the route ${name} is declared without ${missing.join(', ')}`)
    if (route.auth !== 'public' && route.auth !== 'ramdisk' && !isPolicy(route.auth)) {
      throw new Fault('bug', `the route ${name} names the rule ${route.auth}, which api/auth/policies.ts does not have`)
    }
    if (seen.has(name)) throw new Fault('bug', `the route ${name} is declared twice`)
    seen.add(name)
  }
}

function missingParts(route: Partial<DeclaredRoute>): string[] {
  const parts: [string, boolean][] = [
    ['listener', ['operator', 'ramdisk', 'both'].includes(route.listener ?? '')],
    ['method', (methods as readonly string[]).includes(route.method ?? '')],
    ['path', route.path?.startsWith('/') === true],
    ['auth', typeof route.auth === 'string' && route.auth.length > 0],
    ['maxBody', Number.isInteger(route.maxBody)],
    ['depth', Number.isInteger(route.depth)],
    ['since', Number.isInteger(route.since)],
    ['audit', route.audit !== undefined],
    ['query', typeof route.query === 'object'],
    ['body', typeof route.body === 'object'],
    ['answers', typeof route.answers === 'object'],
    ['run', typeof route.run === 'function'],
  ]
  return parts.filter(([, present]) => !present).map(([name]) => name)
}
