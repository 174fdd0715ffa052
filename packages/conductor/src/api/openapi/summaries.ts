import type { DeclaredRoute } from '../route.ts'

const verbs: Readonly<Record<string, string>> = {
  GET: 'Show',
  HEAD: 'Headers of',
  POST: 'Create or start',
  PUT: 'Set',
  PATCH: 'Change',
  DELETE: 'Delete',
}

/** Calls whose paths do not say what they do. */
const told: Readonly<Record<string, string>> = {
  'GET /': 'The versions that are served',
  'GET /v1': 'The resources that this version has',
  'GET /livez': 'Is the process alive',
  'GET /readyz': 'Can it work',
  'GET /metrics': 'Figures for Prometheus',
  'GET /openapi.json': 'This document',
  'GET /docs': 'This document, to read',
  'GET /v1/lookup': 'A ramdisk finds its node, and gets its token',
  'POST /v1/heartbeat/:ident': 'An agent says that it lives, and where',
  'POST /v1/continue_inspection': 'A ramdisk tells what it found',
  'POST /ferrite/v1/progress': 'An agent tells how far it is',
  'GET /ferrite/v1/events': 'What happens, as server-sent events',
  'GET /ferrite/v1/media/:name': 'A boot medium',
  'PUT /v1/nodes/:ident/states/provision': 'Order a provision verb: manage, provide, active, deleted, clean, rescue …',
  'PUT /v1/nodes/:ident/states/power': 'Order a power state',
  'PUT /v1/nodes/:ident/maintenance': 'Put a node into maintenance',
  'DELETE /v1/nodes/:ident/maintenance': 'Take a node out of maintenance',
}

/** One line on what a route does. */
export function aboutRoute({ method, path }: Pick<DeclaredRoute, 'method' | 'path'>): string {
  const own = told[`${method} ${path}`]
  if (own) return own
  const words = path
    .split('/')
    .filter((part) => part !== '' && part !== 'v1' && part !== 'ferrite')
    .map((part) => (part.startsWith(':') ? `{${part.slice(1)}}` : part.replaceAll('_', ' ')))
  return `${verbs[method] ?? method} ${words.join(' › ')}`
}
