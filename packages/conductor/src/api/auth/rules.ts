import type { Principal, Role } from './principal.ts'

/** Whose the thing is that a request is about. */
export type Owned = { owner: string | null; lessee?: string | null; public?: boolean }
/** May they? `thing` is undefined where the request is about no one thing (lists, creation). */
export type Rule = (who: Principal, thing?: Owned) => boolean

const either =
  (...rules: Rule[]): Rule =>
  (who, thing) =>
    rules.some((rule) => rule(who, thing))
const system =
  (role: Role): Rule =>
  (who) =>
    who.system && who.roles.has(role)
const ownerIs =
  (role: Role): Rule =>
  (who, thing) =>
    who.project !== null && thing?.owner === who.project && who.roles.has(role)
const lesseeIs =
  (role: Role): Rule =>
  (who, thing) =>
    who.project !== null && thing?.lessee === who.project && who.roles.has(role)

const trustedService: Rule = (who) => who.serviceProject && who.roles.has('service')
/** Anybody with this role, on the system or in any project. */
export const anywhere =
  (...wanted: Role[]): Rule =>
  (who) =>
    wanted.some((role) => who.roles.has(role))

// Ironic's own combinations, by the names that its policy documentation uses.
export const systemAdmin = system('admin')
export const systemMember = either(system('member'), trustedService)
export const systemReader = either(system('reader'), system('service'), trustedService)
export const systemAdminOrService = either(systemAdmin, system('service'))
export const projectAdmin = ownerIs('admin')

const ownerManager = either(ownerIs('admin'), ownerIs('manager'))
const lesseeManager = either(lesseeIs('admin'), lesseeIs('manager'))
const ownService = ownerIs('service')
const services = either(system('service'), ownService)

export const systemOrProjectMember = either(systemMember, ownerIs('member'), lesseeIs('member'), system('service'))
export const systemOrProjectReader = either(systemReader, ownerIs('reader'), lesseeIs('reader'), ownService)
export const ownerMemberOrLesseeManager = either(systemMember, ownerIs('member'), lesseeManager, services)
export const adminOrOwnerManager = either(systemAdmin, ownerManager, services)
export const memberOrOwnerManager = either(systemMember, ownerManager, services)
export const memberOrOwnerMember = either(systemMember, ownerIs('member'), services)
export const readerOrOwnerReader = either(systemReader, ownerIs('reader'), services)
export const memberOrManagers = either(systemMember, ownerManager, lesseeManager, services)
export const memberOrOwner = either(systemMember, ownerIs('member'))
export const readerOrOwner = either(systemReader, ownerIs('reader'))
export const apiReader = anywhere('reader', 'service')
export const runbookChanger = either(systemMember, ownerManager, anywhere('service'))
const isPublic: Rule = (_who, thing) => thing?.public === true
export const runbookReader = either(systemReader, ownerIs('reader'), anywhere('service'), isPublic)
export const runbookCreator = either(systemMember, anywhere('manager', 'service'))
export const allocationCreator = either(systemMember, anywhere('member'))
export const targetPropertiesReader = either(systemReader, anywhere('admin'))
