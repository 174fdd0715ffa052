import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import type { DriverInfoFields } from '../../core/interfaces.ts'

const flag = z.union([z.boolean(), z.stringbool()])

/** The keys of `driver_info` that say where a Redfish BMC is and how to log in. Names are Ironic's. */
export const redfishFields = {
  redfish_address: {
    schema: z.string().min(1),
    required: true,
    description: 'Address of the BMC: a host, or a URL with scheme and port; https when no scheme is given.',
  },
  redfish_system_id: {
    schema: z.string().min(1),
    description: 'Path of the system, for example /redfish/v1/Systems/1; needed when the BMC has several.',
  },
  redfish_username: { schema: z.string().min(1), description: 'User of the BMC.' },
  redfish_password: { schema: z.string(), secret: true, description: 'Password of that user.' },
  redfish_verify_ca: {
    schema: z.union([flag, z.string().min(1)]),
    description: 'Whether to verify the BMC’s certificate (true), against which CA file (its path), or not (false).',
  },
  redfish_auth_type: {
    schema: z.enum(['session', 'basic', 'auto']),
    description: 'How to log in: by session, by basic, or auto: by session where the BMC has a session service.',
  },
} as const satisfies DriverInfoFields

/** Where a BMC is, and how to log in. */
export type RedfishInfo = {
  /** `https://10.0.0.1`, without a path. */
  origin: string
  systemId: string | undefined
  username: string | undefined
  password: Secret | undefined
  authType: 'session' | 'basic' | 'auto'
  verify: true | false | { caFile: string }
}

/** Reads `driver_info`. Fault invalid names the key that is missing or cannot be used. */
export function redfishInfo(driverInfo: Readonly<Record<string, unknown>>): RedfishInfo {
  const field = <K extends keyof typeof redfishFields>(
    name: K,
  ): z.infer<(typeof redfishFields)[K]['schema']> | undefined => {
    const given = driverInfo[name]
    if (given === undefined || given === null) return undefined
    const parsed = redfishFields[name].schema.safeParse(given)
    if (!parsed.success)
      throw new Fault('invalid', `driver_info/${name} cannot be used: ${parsed.error.issues[0]?.message}`)
    return parsed.data as z.infer<(typeof redfishFields)[K]['schema']>
  }
  const address = field('redfish_address')
  if (address === undefined) throw new Fault('invalid', 'driver_info lacks redfish_address, the address of the BMC')
  const password = field('redfish_password')
  const username = field('redfish_username')
  const authType = field('redfish_auth_type') ?? 'auto'
  if (username === undefined && authType === 'session') {
    throw new Fault('invalid', 'driver_info/redfish_auth_type is session, but redfish_username is missing')
  }
  return {
    origin: originFor(address),
    systemId: field('redfish_system_id'),
    username,
    password: password === undefined ? undefined : new Secret(password),
    authType,
    verify: verifyFor(field('redfish_verify_ca')),
  }
}

function originFor(address: string): string {
  const bare = address.replace(/\/+$/, '')
  const bracketed = /^[0-9a-fA-F:]+:[0-9a-fA-F:]*$/.test(bare) && bare.split(':').length > 2 ? `[${bare}]` : bare
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `https://${bracketed}`)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.password && !url.search && !url.hash
  if (!plain || url.pathname.replace(/\/+$/, '') !== '') {
    throw new Fault(
      'invalid',
      'driver_info/redfish_address must be a host or an http(s) URL without path, user and query',
    )
  }
  return url.origin
}

function verifyFor(given: boolean | string | undefined): RedfishInfo['verify'] {
  if (given === undefined) return true
  return typeof given === 'boolean' ? given : { caFile: given }
}

/** What the TLS layer needs for `verify`. Fault invalid when the CA file cannot be used. */
export async function tlsFor(verify: RedfishInfo['verify']): Promise<{ ca?: string; insecure?: boolean }> {
  if (verify === true) return {}
  if (verify === false) return { insecure: true }
  let pem: string
  try {
    pem = await readFile(verify.caFile, 'utf8')
  } catch (cause) {
    throw new Fault('invalid', `cannot read the CA file ${verify.caFile} that driver_info/redfish_verify_ca names`, {
      cause,
    })
  }
  if (!pem.includes('-----BEGIN CERTIFICATE-----')) {
    throw new Fault('invalid', `${verify.caFile}, which driver_info/redfish_verify_ca names, holds no PEM certificate`)
  }
  return { ca: pem }
}
