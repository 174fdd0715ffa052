import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { ProvisionVerb } from '@ferrite/shared/provision'
import type { NodeRecord } from '../core/node.ts'

const needs = (since: number): Fault =>
  new Fault('not_acceptable', `Request not acceptable. The minimal required API version should be 1.${since}`)
const only = (what: string, verbs: string): Fault =>
  new Fault('invalid', `Adding a ${what} is only supported when setting provision state to ${verbs}`)

/** Which keys of the request belong to which verb, and to which microversion. */
export function checkBody(node: NodeRecord, verb: ProvisionVerb, body: ProvisionRequest, microversion: number): void {
  checkConfigdrive(verb, body, microversion)
  if (given(body.deploy_steps)) {
    if (verb !== 'active' && verb !== 'rebuild') throw only('deploy_steps', 'active or rebuild')
    if (microversion < 69) throw needs(69)
  }
  checkOrdered(verb, body)
  if (given(body.rescue_password) && verb !== 'rescue') {
    throw new Fault('invalid', '"rescue_password" is only valid when setting target provision state to rescue')
  }
  if (verb === 'rescue' && !body.rescue_password?.trim()) {
    throw new Fault(
      'missing_parameter',
      'A non-empty "rescue_password" is required when setting target provision state to rescue',
    )
  }
  if (given(body.disable_ramdisk)) checkDisableRamdisk(verb, body.disable_ramdisk === true, microversion)
  checkSupport(node, verb)
}

function checkSupport(node: NodeRecord, verb: ProvisionVerb): void {
  if (verb === 'inspect' && node.inspect_interface === 'no-inspect') {
    throw new Fault('unsupported', `Driver ${node.driver} does not support inspection (disabled or not implemented).`)
  }
  if ((verb === 'rescue' || verb === 'unrescue') && node.rescue_interface === 'no-rescue') {
    throw new Fault('unsupported', `Driver ${node.driver} does not support ${verb} (disabled or not implemented).`)
  }
}

const given = (value: unknown): boolean => value !== undefined && value !== null

function checkConfigdrive(verb: ProvisionVerb, { configdrive }: ProvisionRequest, microversion: number): void {
  if (!given(configdrive)) return
  if (verb !== 'active' && verb !== 'rebuild') throw only('config drive', 'active or rebuild')
  if (verb === 'rebuild' && microversion < 35) throw needs(35)
  if (typeof configdrive !== 'object' || configdrive === null) return
  if (microversion < 56) throw needs(56)
  if (given(configdrive.vendor_data) && microversion < 59) throw needs(59)
}

function checkOrdered(verb: ProvisionVerb, body: ProvisionRequest): void {
  for (const kind of ['clean', 'service'] as const) {
    const steps = body[`${kind}_steps`]
    if (given(steps) && verb !== kind) {
      throw new Fault('invalid', `"${kind}_steps" is only valid when setting target provision state to ${kind}`)
    }
    if (verb === kind && !steps?.length) {
      throw new Fault('missing_parameter', `"${kind}_steps" is required when setting target provision state to ${kind}`)
    }
  }
}

function checkDisableRamdisk(verb: ProvisionVerb, wanted: boolean, microversion: number): void {
  if (microversion < 70) throw needs(70)
  if (verb === 'service' && microversion < 108) throw needs(108)
  if (!wanted || verb === 'clean' || verb === 'service') return
  throw new Fault('invalid', 'disable_ramdisk is supported only with manual cleaning and servicing')
}
