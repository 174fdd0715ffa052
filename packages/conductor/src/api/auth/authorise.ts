import { Fault } from '@ferrite/shared/fault'
import type { DeclaredRoute, Request } from '../route.ts'
import { checkOwner } from './check-owner.ts'
import { nodePatchPolicies, operationsOf, rootOf } from './patch-policies.ts'
import { allows, demand } from './policies.ts'
import type { Principal } from './principal.ts'
import { references, referredNodes, refuseForeignRunbook } from './references.ts'
import { systemReader } from './rules.ts'
import { scopedStore } from './scoped-store.ts'
import { namesOneThing, subjectOf, type Subject } from './subject.ts'

/**
 * The request as this caller may make it: with a store that holds only what they see. Fault forbidden, or not_found where they must not learn that something is there.
 */
export async function authorise(route: DeclaredRoute, request: Request, who: Principal): Promise<Request> {
  if (route.auth === 'public' || route.auth === 'ramdisk') return request
  if (systemReader(who)) {
    await demandOfSystem(route, request, who)
    return request
  }
  const { store } = request.api
  const scoped = { ...request, api: { ...request.api, store: scopedStore(store, who) } }
  const subject = await subjectOf(route, request, store)
  if (subject && !isVisible(subject, who)) throw absent(subject)
  if (subject) {
    demandOfSubject(route, request, who, subject)
    for (const node of await referredNodes(request.body, scoped.api.store)) demand(ruleFor(route), who, node)
    await refuseForeignRunbook(route, request.body, who, store)
    return scoped
  }
  // What is named but is not there is told by the handler, in its own words.
  if (namesOneThing(route)) return scoped
  await demandOfCollection(route, scoped, who)
  checkOwner(route, request, who)
  return scoped
}

const absent = ({ title, ident }: Subject): Fault => new Fault('not_found', `${title} ${ident} could not be found.`)

const isVisible = ({ node, thing, title }: Subject, who: Principal): boolean =>
  node
    ? allows('baremetal:node:get', who, node)
    : allows(title === 'Runbook' ? 'baremetal:runbook:get' : 'baremetal:allocation:get', who, thing)

const ruleFor = ({ auth }: DeclaredRoute): string => auth

async function demandOfSystem(route: DeclaredRoute, request: Request, who: Principal): Promise<void> {
  if (route.path !== '/v1/nodes/:ident' || route.method !== 'PATCH') return demand(route.auth, who)
  const givesAway = operationsOf(request.body).some((operation) => rootOf(operation) === 'owner')
  const subject = givesAway ? await subjectOf(route, request, request.api.store) : undefined
  for (const rule of nodePatchPolicies(request.body, subject?.node?.provision_state)) demand(rule, who)
}

function demandOfSubject(route: DeclaredRoute, request: Request, who: Principal, subject: Subject): void {
  const { thing, node } = subject
  if (route.path === '/v1/nodes/:ident' && route.method === 'PATCH') {
    for (const rule of nodePatchPolicies(request.body, node?.provision_state)) demand(rule, who, thing)
    return
  }
  const own = request.api.config.project_admin_can_manage_own_nodes
  if (route.auth === 'baremetal:node:delete' && own && allows('baremetal:node:delete:self_owned_node', who, thing))
    return
  // An allocation of a node is its own owner's; what is there is decided by the store that the handler sees.
  if (route.path === '/v1/nodes/:ident/allocation') return demand(route.auth, who, { owner: who.project })
  demand(route.auth, who, thing)
  demandOfRunbook(route, request, who)
}

function demandOfRunbook(route: DeclaredRoute, request: Request, who: Principal): void {
  if (route.path !== '/v1/runbooks/:id' || route.method !== 'PATCH') return
  const parts = new Set(operationsOf(request.body).map(rootOf))
  for (const part of ['public', 'owner']) if (parts.has(part)) demand(`baremetal:runbook:update:${part}`, who)
}

async function demandOfCollection(route: DeclaredRoute, request: Request, who: Principal): Promise<void> {
  const { config, store } = request.api
  if (route.auth === 'baremetal:node:create' && config.project_admin_can_manage_own_nodes) {
    if (!allows(route.auth, who)) return demand('baremetal:node:create:self_owned_node', who)
  }
  const asked = route.method === 'POST' && isPartOfNode(route) ? references(request.body) : []
  const nodes = await referredNodes(request.body, store)
  for (const node of nodes) demand(route.auth, who, node)
  // Whether a node is missing or only hidden, the answer is the same.
  if (nodes.length < asked.length) return demand(route.auth, who, { owner: null })
  // A body that names no node is refused by the handler, if they create such parts at all.
  demand(route.auth, who, isPartOfNode(route) && asked.length === 0 ? { owner: who.project } : nodes[0])
}

const isPartOfNode = ({ auth }: DeclaredRoute): boolean => /:(port|portgroup|volume):create$/.test(auth)
