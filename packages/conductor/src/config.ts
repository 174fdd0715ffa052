import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { hostname } from 'node:os'
import path from 'node:path'
import { parse } from 'yaml'
import { z } from 'zod'
import { Fault } from '@ferrite/shared/fault'
import { apiSettings } from './api-settings.ts'
import { bootSettings } from './boot-settings.ts'
import { provisionSettings } from './provision-settings.ts'
import { address, bool, names, seconds } from './setting-types.ts'
import { inWords, nearest } from './setting-words.ts'

const stateHome = (): string =>
  process.getuid?.() === 0
    ? '/var/lib/ferrite'
    : path.join(process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local/state'), 'ferrite')

/** Every setting: its type, default and unit, one sentence each. Also FERRITE_<NAME> in the environment. */
export const configSchema = z.strictObject({
  state_dir: z
    .string()
    .default(stateHome)
    .describe('Directory of the database, keys and boot media; made when missing, mode 0700.'),
  host: z.string().default(hostname).describe('Name of this conductor, as reservations and /v1/conductors show it.'),
  listen: address.default('127.0.0.1:6385').describe('Address of the operators’ API.'),
  ramdisk_listen: address
    .default('127.0.0.1:6386')
    .describe(
      'Address of the ramdisks’ API: lookup, heartbeat, progress, boot media; default: the port after listen’s.',
    ),
  single_listener: bool(false).describe('Serve ramdisks on the operators’ address too, and nowhere else.'),
  insecure_noauth_on_any_address: bool(false).describe(
    'Allow an API without authentication on an address that is not loopback.',
  ),
  public_endpoint: z.string().optional().describe('Base URL for links in answers; default: the Host header.'),
  ramdisk_endpoint: z
    .string()
    .optional()
    .describe('URL under which ramdisks reach this conductor (ipa-api-url); default: made of ramdisk_listen.'),
  ...apiSettings,
  ...bootSettings,
  ...provisionSettings,
  log_level: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('Least severe level that is logged.'),
  enabled_hardware_types: names(['redfish', 'ipmi']).describe(
    'Hardware types that nodes may use; fake-hardware is for tests only.',
  ),
  automated_clean: bool(true).describe(
    'Clean disks before a node becomes available; a node’s automated_clean overrides.',
  ),
  erase_devices_metadata_priority: z.coerce
    .number()
    .int()
    .min(0)
    .default(10)
    .describe('Priority of erase_devices_metadata in automated cleaning; 0 turns it off.'),
  erase_devices_priority: z.coerce
    .number()
    .int()
    .min(0)
    .default(0)
    .describe('Priority of erase_devices in automated cleaning; 0 turns it off.'),
  deploy_callback_timeout: seconds(1800).describe(
    'Seconds without a heartbeat in wait call-back before the deploy fails; 0 is never.',
  ),
  clean_callback_timeout: seconds(1800).describe(
    'Seconds without a heartbeat in clean wait before cleaning fails; 0 is never.',
  ),
  check_provision_state_interval: seconds(10).describe(
    'Seconds between looks for nodes that have waited too long; 0 is never.',
  ),
  sync_power_state_interval: seconds(120).describe('Seconds between readings of every node’s power; 0 is never.'),
  power_state_sync_max_retries: z.coerce
    .number()
    .int()
    .min(1)
    .default(3)
    .describe('Failed readings in a row before a node goes into maintenance with fault "power failure".'),
  force_power_state_during_sync: bool(true).describe(
    'Bring a node back to the recorded power state when the reading differs; otherwise record the reading.',
  ),
  power_state_change_timeout: seconds(60).describe('Seconds a machine may take to reach a power state.'),
  soft_power_off_timeout: seconds(600).describe('Seconds a soft power-off may take.'),
  post_deploy_get_power_state_retry_interval: seconds(5).describe(
    'Seconds between looks at the power while a deployed agent powers itself off.',
  ),
  power_off_after_deploy_failure: bool(true).describe('Power a node off when its deploy failed.'),
  ramdisk_heartbeat_timeout: seconds(300).describe(
    'Heartbeat timeout told to agents, seconds; they beat at 0.3 to 0.6 of it.',
  ),
  agent_command_timeout: seconds(60).describe('Seconds an agent may take to answer a command.'),
  agent_command_poll_interval: seconds(5).describe(
    'Seconds between looks at a running agent command, beside heartbeats.',
  ),
  agent_require_tls: bool(true).describe('Refuse agents whose callback is plain http, except on loopback.'),
  agent_callback_cidrs: names([]).describe(
    'Networks that an agent’s callback may lie in when it is not the address it calls from (NAT).',
  ),
  agent_md5_checksum: bool(false).describe('Accept md5 as an image’s checksum.'),
  image_server_check: bool(true).describe(
    'Ask the image server for the image before a deploy; no where only machines can reach it.',
  ),
  image_insecure_loopback: bool(true).describe(
    'Look at images on loopback addresses of this conductor before a deploy.',
  ),
  workers: z.coerce.number().int().min(1).default(100).describe('Nodes worked on at the same time.'),
  lease_seconds: z.coerce.number().min(1).default(60).describe('Length of a lease on a node; renewed every quarter.'),
  switch_url: z
    .string()
    .optional()
    .describe('Switch service that the flat network moves ports with: PUT {switch_url}/ports/{mac} {"network": NAME}.'),
  provisioning_network: z
    .string()
    .default('provisioning')
    .describe('Network for deploy ramdisks, unless driver_info names one.'),
  cleaning_network: z
    .string()
    .default('provisioning')
    .describe('Network for cleaning ramdisks, unless driver_info names one.'),
  tenant_network: z
    .string()
    .default('tenant')
    .describe('Network of deployed machines on network interface flat, unless driver_info names one.'),
})
export type Config = z.infer<typeof configSchema>

/** Where settings are looked for. `env` is the process's unless given. */
export type ConfigSources = {
  file?: string | undefined
  flags?: Record<string, unknown>
  env?: NodeJS.ProcessEnv
}

/** Settings from, in rising order: defaults, the file, FERRITE_*, the command line. Fault invalid names the setting and its origin. */
export function loadConfig(given: ConfigSources): Config {
  const layers = layersOf(given)
  const result = configSchema.safeParse(Object.assign({}, ...layers.map(({ values }) => values)))
  if (result.success) return withRamdiskPort(result.data, layers)
  const [issue] = result.error.issues
  const key = String(issue?.path[0])
  throw new Fault('invalid', `setting ${key} from ${originOf(layers, key)}: ${inWords(issue)}`)
}

/** So that `--listen` alone moves a conductor out of the way of another one. */
function withRamdiskPort(config: Config, layers: readonly Layer[]): Config {
  const port = Number(config.listen.slice(config.listen.lastIndexOf(':') + 1))
  if (layers.some(({ values }) => 'ramdisk_listen' in values) || port >= 65535) return config
  return { ...config, ramdisk_listen: `127.0.0.1:${port === 0 ? 0 : port + 1}` }
}

export type SettingView = { name: string; value: unknown; origin: string; description: string }

/** Every setting with its value, where that came from and what it is for. Faults as `loadConfig`. */
export function describeConfig(given: ConfigSources): SettingView[] {
  const layers = layersOf(given)
  const config: Record<string, unknown> = loadConfig(given)
  return Object.entries(configSchema.shape).map(([name, schema]) => ({
    name,
    value: config[name] ?? null,
    origin: originOf(layers, name),
    description: schema.description ?? '',
  }))
}

type Layer = { origin: string; values: Record<string, unknown> }

function layersOf(given: ConfigSources): Layer[] {
  const env = given.env ?? process.env
  const file = given.file ?? env['FERRITE_CONFIG']
  const known = new Set(Object.keys(configSchema.shape))
  const flags = Object.entries(given.flags ?? {}).filter(([, value]) => value !== undefined)
  const layers = [
    { origin: file ?? 'the configuration file', values: file ? readFile(file) : {} },
    { origin: 'the environment', values: fromEnvironment(env, known) },
    { origin: 'the command line', values: Object.fromEntries(flags) },
  ]
  for (const { origin, values } of layers) checkKeys(origin, values, known)
  return layers
}

const originOf = (layers: readonly Layer[], key: string): string =>
  layers.findLast(({ values }) => key in values)?.origin ?? 'the defaults'

function readFile(file: string): Record<string, unknown> {
  let content: unknown
  try {
    content = parse(readFileSync(file, 'utf8')) ?? {}
  } catch (cause) {
    // The parser's own message goes on with an excerpt of the file.
    const [said = ''] = cause instanceof Error ? cause.message.split(/:?\n/) : []
    throw new Fault('invalid', `cannot read the configuration file ${file}: ${said}`)
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    throw new Fault('invalid', `the configuration file ${file} must hold settings, one "name: value" a line`)
  }
  return content as Record<string, unknown>
}

const notSettings = new Set([
  'FERRITE_CONFIG',
  'FERRITE_URL',
  'FERRITE_TOKEN',
  'FERRITE_KERNEL_PARAMS',
  'FERRITE_OUTPUT',
])

function fromEnvironment(env: NodeJS.ProcessEnv, known: ReadonlySet<string>): Record<string, unknown> {
  const entries = Object.entries(env)
    .filter(([name]) => name.startsWith('FERRITE_') && !notSettings.has(name))
    .map(([name, value]) => [name.slice('FERRITE_'.length).toLowerCase(), value] as const)
  for (const [name] of entries) {
    if (!known.has(name))
      throw new Fault(
        'invalid',
        `the environment sets FERRITE_${name.toUpperCase()}, which is no setting${suggestion(name, known)}`,
      )
  }
  return Object.fromEntries(entries)
}

function checkKeys(origin: string, layer: Record<string, unknown>, known: ReadonlySet<string>): void {
  for (const key of Object.keys(layer)) {
    if (!known.has(key))
      throw new Fault('invalid', `${origin} sets ${key}, which is no setting${suggestion(key, known)}`)
  }
}

function suggestion(key: string, known: ReadonlySet<string>): string {
  const near = nearest(key, known)
  return near ? ` (did you mean ${near}?)` : ''
}
