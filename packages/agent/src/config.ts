import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { Secret } from '@ferrite/shared/secret'
import { parseKernelParams } from './kernel-params.ts'

// The words that OpenStack's bool_from_string takes for true; anything else is false.
const bool = (fallback: boolean) =>
  z
    .string()
    .transform((text) => ['1', 't', 'true', 'on', 'y', 'yes'].includes(text.trim().toLowerCase()))
    .default(fallback)
const text = z.string().trim().min(1)
const seconds = (fallback: number) =>
  z.coerce
    .number()
    .transform((value) => Math.round(value * 1000))
    .default(fallback * 1000)
const count = (fallback: number) => z.coerce.number().int().min(0).default(fallback)
const port = z.coerce.number().int().min(0).max(65_535)
const list = text.transform((value) =>
  value
    .split(',')
    .map((part) => part.trim().replace(/\/+$/, ''))
    .filter(Boolean),
)

/** Kernel parameters that this agent reads; the names are IPA's. Others are ignored: the kernel's own are among them. */
const params = z.object({
  'ipa-api-url': list.pipe(z.array(z.url({ protocol: /^https?$/ }))).default([]),
  'ipa-listen-host': text.default('::'),
  'ipa-listen-port': port.default(9999),
  'ipa-advertise-host': text.optional(),
  'ipa-advertise-port': port.optional(),
  'ipa-advertise-protocol': z.enum(['http', 'https']).optional(),
  'ipa-ip-lookup-attempts': count(6),
  'ipa-ip-lookup-timeout': seconds(10),
  'ipa-network-interface': text.optional(),
  'ipa-lookup-timeout': seconds(600),
  'ipa-lookup-interval': seconds(1),
  'ipa-insecure': bool(false),
  'ipa-agent-token': text.transform((value) => new Secret(value)).optional(),
  'ipa-debug': bool(false),
  'ipa-http-request-timeout': seconds(30),
  'ipa-ironic-api-version': z
    .string()
    .regex(/^1\.\d+$/)
    .optional(),
  'ipa-disk-wait-attempts': count(10),
  'ipa-disk-wait-delay': seconds(3),
  'ipa-image-download-connection-timeout': seconds(10).optional(),
  'ipa-image-download-connection-retries': count(9).optional(),
  'ipa-image-download-connection-retry-interval': seconds(1).optional(),
  'ipa-image-download-max-duration': seconds(0).optional(),
  'ipa-global-request-id': text.optional(),
  'ipa-inspection-callback-url': z.url({ protocol: /^https?$/ }).optional(),
  'ipa-inspection-collectors': list.optional(),
  'ipa-inspection-dhcp-wait-timeout': seconds(60),
  'ipa-inspection-dhcp-all-interfaces': bool(false),
  'ipa-ntp-server': text.optional(),
  'ipa-standalone': bool(false),
  'ipa-ignore-bootloader-failure': bool(false),
  'ipa-enable-auto-tls': bool(true),
  BOOTIF: text.optional(),
  boot_method: text.optional(),
  // Our own.
  'ferrite-ca-file': text.optional(),
  'ferrite-stall-timeout': seconds(30).optional(),
  'ferrite-tls-fingerprint': text.optional(),
})

/** What the agent was told. Keys are the kernel parameters' names, times in milliseconds, API URLs without a slash at the end. */
export type AgentConfig = z.infer<typeof params>

/** Fault invalid names the parameter. Empty values count as absent, as boot loaders leave them when a variable is unset. */
export function configFrom(given: ReadonlyMap<string, string>): AgentConfig {
  const present = Object.fromEntries([...given].filter(([, value]) => value !== ''))
  const parsed = params.safeParse(present)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new Fault('invalid', `the kernel parameter ${issue?.path.join('.')} cannot be used: ${issue?.message}`)
}

/** The parameters of this boot: the given text, else FERRITE_KERNEL_PARAMS, else /proc/cmdline. */
export function kernelParams(given: string | undefined): Map<string, string> {
  return parseKernelParams(given ?? process.env['FERRITE_KERNEL_PARAMS'] ?? bootParams())
}

/**
 * Whether this process is the agent of a real deploy ramdisk: pid 1, or the machine itself was booted with an API URL.
 * Only then may disks of the machine be written and the machine be turned off without being asked for by a flag.
 */
export const isRamdisk = (): boolean => process.pid === 1 || parseKernelParams(bootParams()).has('ipa-api-url')

function bootParams(): string {
  try {
    return readFileSync('/proc/cmdline', 'utf8')
  } catch (cause) {
    throw new Fault('invalid', 'cannot read /proc/cmdline; give --kernel-params', { cause })
  }
}

/** A file that a parameter names. Fault invalid. */
export function fileText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('invalid', `cannot read ${file}, which a kernel parameter names`, { cause })
  }
}
