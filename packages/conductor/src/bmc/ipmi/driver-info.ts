import { isIP } from 'node:net'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import type { DriverInfoFields } from '../../core/interfaces.ts'

// What reaches a command line has a form of its own: no value can be taken for an option, a path or a second word.
const hostName = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\.?$/i
const host = z
  .string()
  .refine(
    (text) => isIP(text) !== 0 || (hostName.test(text) && !/^[\d.]+$/.test(text)),
    'expected an IP address or a host name',
  )
const byte = z.union([z.int(), z.string().regex(/^(0x[0-9a-fA-F]{1,2}|\d{1,3})$/)]).transform((text, context) => {
  const value = Number(text)
  if (value >= 0 && value <= 255) return value
  context.addIssue('expected a number from 0 to 255')
  return z.NEVER
})
const user = z
  .string()
  .regex(/^[\x21-\x7e]{1,16}$/, 'expected 1 to 16 printable characters without blanks')
  .refine((text) => !text.startsWith('-'), 'must not begin with "-"')
const cipher = z.union([z.int(), z.string().regex(/^\d{1,2}$/)]).transform((given, context) => {
  const suite = Number(given)
  if (suite === 3 || suite === 17) return suite
  context.addIssue(
    suite === 0 ? 'suite 0 lets anybody in without a password and is never used' : 'only suites 3 and 17 are used',
  )
  return z.NEVER
})

/** The keys of `driver_info` that say where an IPMI BMC is and how to log in. Names are Ironic's. */
// oxfmt-ignore
export const ipmiFields = {
  ipmi_address:         { schema: host, required: true, description: 'IP address or host name of the BMC.' },
  ipmi_port:            { schema: z.coerce.number().int().min(1).max(65_535), description: 'UDP port of the BMC, 623 unless given.' },
  ipmi_username:        { schema: user, description: 'User of the BMC; none for a BMC with an anonymous user.' },
  ipmi_password:        { schema: z.string().regex(/^[^\0\r\n]*$/, 'must be one line'), secret: true, description: 'Password of that user, at most 20 bytes.' },
  ipmi_priv_level:      { schema: z.enum(['ADMINISTRATOR', 'OPERATOR', 'USER', 'CALLBACK']), description: 'Privilege level to work with; ADMINISTRATOR unless given.' },
  ipmi_cipher_suite:    { schema: cipher, description: 'Cipher suite, 17 (SHA-256) or 3 (SHA-1); unless given 17, and 3 for a BMC that does not have 17.' },
  ipmi_protocol_version: { schema: z.enum(['2.0', '1.5']), description: 'Version of the protocol, 2.0 unless given.' },
  ipmi_hex_kg_key:      { schema: z.string().regex(/^([0-9a-fA-F]{2}){1,20}$/, 'expected up to 40 hexadecimal digits'), secret: true, description: 'Key of the BMC (Kg), hexadecimal.' },
  ipmi_bridging:        { schema: z.enum(['no', 'single', 'dual']), description: 'Whether requests go on to another controller behind the BMC.' },
  ipmi_local_address:   { schema: byte, description: 'IPMB address of this side; with bridging.' },
  ipmi_transit_channel: { schema: byte, description: 'Transit channel; with dual bridging.' },
  ipmi_transit_address: { schema: byte, description: 'Transit address; with dual bridging.' },
  ipmi_target_channel:  { schema: byte, description: 'Destination channel; with bridging.' },
  ipmi_target_address:  { schema: byte, description: 'Destination address; with bridging.' },
  ipmi_disable_boot_timeout: { schema: z.union([z.boolean(), z.stringbool()]), description: 'Tell the BMC not to forget a boot device after 60 s; true unless given.' },
  ipmi_force_boot_device: { schema: z.union([z.boolean(), z.stringbool()]), description: 'Set the boot device for every boot that we command, for BMCs that do not keep it.' },
  ipmi_terminal_port:   { schema: z.coerce.number().int().min(1).max(65_535), description: 'Port for the serial console.' },
} as const satisfies DriverInfoFields

type Key = keyof typeof ipmiFields
type Value<K extends Key> = z.infer<(typeof ipmiFields)[K]['schema']>

/** Where a BMC is, and how to log in. Every value has passed its form. */
export type IpmiInfo = {
  address: string
  port: number
  username: string | undefined
  password: Secret
  level: Value<'ipmi_priv_level'>
  /** Undefined: 17, or 3 where the BMC has no 17. */
  cipher: 3 | 17 | undefined
  version: '2.0' | '1.5'
  kgKey: Secret | undefined
  bridge: readonly (readonly [option: string, value: number])[]
  disableBootTimeout: boolean
  forceBootDevice: boolean
}

/** Reads `driver_info`. Fault missing_parameter or invalid names the key. */
export function ipmiInfo(driverInfo: Readonly<Record<string, unknown>>): IpmiInfo {
  const field = <K extends Key>(name: K): Value<K> | undefined => read(driverInfo, name)
  const address = field('ipmi_address')
  if (address === undefined) {
    throw new Fault('missing_parameter', 'driver_info lacks ipmi_address, the address of the BMC')
  }
  const version = field('ipmi_protocol_version') ?? '2.0'
  const kgKey = field('ipmi_hex_kg_key')
  return {
    address,
    port: field('ipmi_port') ?? 623,
    username: field('ipmi_username'),
    password: passwordFor(field('ipmi_password') ?? '', version),
    level: field('ipmi_priv_level') ?? 'ADMINISTRATOR',
    cipher: field('ipmi_cipher_suite'),
    version,
    kgKey: kgKey === undefined ? undefined : new Secret(kgKey),
    bridge: bridgeFor(field),
    forceBootDevice: field('ipmi_force_boot_device') ?? false,
    disableBootTimeout: field('ipmi_disable_boot_timeout') ?? true,
  }
}

function read<K extends Key>(driverInfo: Readonly<Record<string, unknown>>, name: K): Value<K> | undefined {
  const given = driverInfo[name]
  if (given === undefined || given === null) return undefined
  const parsed = ipmiFields[name].schema.safeParse(given)
  if (parsed.success) return parsed.data as Value<K>
  throw new Fault('invalid', `driver_info/${name} cannot be used: ${parsed.error.issues[0]?.message}`)
}

function passwordFor(text: string, version: IpmiInfo['version']): Secret {
  const longest = version === '2.0' ? 20 : 16
  if (Buffer.byteLength(text) > longest) {
    throw new Fault('invalid', `driver_info/ipmi_password is longer than the ${longest} bytes of IPMI ${version}`)
  }
  return new Secret(text)
}

function bridgeFor(field: <K extends Key>(name: K) => Value<K> | undefined): IpmiInfo['bridge'] {
  const kind = field('ipmi_bridging') ?? 'no'
  if (kind === 'no') return []
  const wanted = [
    ...(kind === 'dual' ? [['-B', 'ipmi_transit_channel'] as const, ['-T', 'ipmi_transit_address'] as const] : []),
    ['-b', 'ipmi_target_channel'] as const,
    ['-t', 'ipmi_target_address'] as const,
  ]
  const local = field('ipmi_local_address')
  const found = wanted.map(([option, key]) => {
    const value = field(key)
    if (value === undefined)
      throw new Fault('missing_parameter', `driver_info lacks ${key}, which ${kind} bridging needs`)
    return [option, value] as const
  })
  return local === undefined ? found : [['-m', local] as const, ...found]
}
