import { Fault } from '@ferrite/shared/fault'
import { Refusal } from './refusal.ts'

export const minVersion = 1
export const maxVersion = 115

const header = 'x-openstack-ironic-api-version'
type Headers = Readonly<Record<string, string | string[] | undefined>>

/** Headers with which clients negotiate; on every answer below /v1, errors too. */
export const rangeHeaders: Readonly<Record<string, string>> = {
  'x-openstack-ironic-api-minimum-version': `1.${minVersion}`,
  'x-openstack-ironic-api-maximum-version': `1.${maxVersion}`,
}

export const versionHeaders = (microversion: number): Readonly<Record<string, string>> => ({
  ...rangeHeaders,
  [header]: `1.${microversion}`,
})

/** The minor version that a request asks for: 1 when it names none. Refusal 406 when it is none of ours, or no version at all. */
export function requestedVersion(headers: Headers): number {
  const text = fromHeaders(headers)
  if (text === undefined) return minVersion
  if (text.toLowerCase() === 'latest') return maxVersion
  const [, major, minor] = /^(\d{1,6})\.(\d{1,6})$/.exec(text) ?? []
  if (major === undefined || minor === undefined) {
    throw new Refusal(406, 'Not Acceptable', `Invalid value for ${header}: expected 1.N or latest.`)
  }
  const version = Number(minor)
  if (Number(major) !== 1) throw outOfRange(text)
  if (version < minVersion || version > maxVersion) throw outOfRange(text)
  return version
}

const outOfRange = (text: string): Refusal =>
  new Refusal(
    406,
    'Not Acceptable',
    `Version ${text} was requested but the requested API version is not supported by this service. The supported version range is: [1.${minVersion}, 1.${maxVersion}].`,
    rangeHeaders,
  )

function fromHeaders(headers: Headers): string | undefined {
  const own = one(headers[header])
  if (own !== undefined) return own
  for (const part of one(headers['openstack-api-version'])?.split(',') ?? []) {
    const [service, version] = part.trim().split(/\s+/)
    if (service?.toLowerCase() === 'baremetal') return version ?? ''
  }
  return undefined
}

const one = (value: string | string[] | undefined): string | undefined =>
  (Array.isArray(value) ? value[0] : value)?.trim() || undefined

/** A field, filter or verb that the request's version does not know. */
export const tooNew = (since: number): Fault =>
  new Fault('not_acceptable', `Request not acceptable. The minimal required API version should be 1.${since}`)
