import { Fault } from '@ferrite/shared/fault'
import type { DeclaredRoute, Request } from '../route.ts'
import { demand } from './policies.ts'
import type { Principal } from './principal.ts'

/** What a project creates belongs to it: refuses a body that names another owner. */
export function checkOwner(route: DeclaredRoute, { body }: Pick<Request, 'body'>, who: Principal): void {
  if (route.method !== 'POST' || body === null || typeof body !== 'object') return
  const { owner, public: shared } = body as { owner?: unknown; public?: unknown }
  const foreign = owner !== undefined && owner !== null && owner !== who.project
  if (route.auth === 'baremetal:node:create' && foreign) {
    throw new Fault('invalid', 'A project can create nodes only with itself as their owner.')
  }
  if (route.auth === 'baremetal:allocation:create' && foreign) demand('baremetal:allocation:create_restricted', who)
  if (route.auth === 'baremetal:runbook:create') {
    if (foreign) demand('baremetal:runbook:update:owner', who)
    if (shared === true) throw new Fault('invalid', 'A runbook of a project cannot be public.')
  }
}
