import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Logger } from 'pino'
import { createBootServer, type OpenBootServer } from './boot-server.ts'
import { createTracer, type BootTracer } from './boot-trace/tracer.ts'
import { readDnsmasqLog } from './boot-trace/read-dnsmasq-log.ts'
import { openIpmiBmcs, type IpmiBmcs } from './bmc/ipmi/bmcs.ts'
import type { Config } from './config.ts'
import type { Clock } from './core/clock.ts'
import { dnsmasqConf } from './dhcp/dnsmasq-conf.ts'
import { dnsmasqProvider } from './dhcp/dnsmasq-files.ts'
import { superviseDnsmasq, type DnsmasqProcess } from './dhcp/dnsmasq-process.ts'
import { followLog } from './dhcp/follow-log.ts'
import { noDhcp, type DhcpProvider } from './dhcp/provider.ts'
import { networkBoot, type NetworkBootParts } from './drivers/boot/network-boot.ts'
import type { NodeIsoParts } from './drivers/boot/node-iso.ts'
import { ipmiManagement } from './drivers/management/ipmi.ts'
import { ipmiPower } from './drivers/power/ipmi.ts'
import type { DriverParts } from './drivers/table.ts'
import { openBootFiles } from './netboot/boot-files.ts'
import { ipxeLoaders, pxeLoaders } from './netboot/loaders.ts'
import { copyLoaders, openNodeFiles } from './netboot/node-files.ts'
import { grubEntry } from './netboot/pxelinux-config.ts'
import { everyNode } from './store/every-node.ts'
import type { Store } from './store/store.ts'

export type BootSide = AsyncDisposable & {
  readonly drivers: Pick<DriverParts, 'ipmi' | 'netboot'>
  /** What ISO images of nodes are made of. */
  readonly isoParts: NodeIsoParts
  readonly server: OpenBootServer
  readonly tracer: BootTracer
  /** Whether DHCP's log is read, so that silence means something. */
  readonly seesDhcp: boolean
  dhcpTrouble(): string | undefined
  bootUrl: () => string
  /** Call once the API listens. */
  start(): Promise<void>
}

type Parts = { store: Store; clock: Clock; log: Logger; ramdiskUrl: () => string }

/** Everything of this conductor that machines boot by: IPMI, boot files, DHCP, and the trace of what they fetch. */
export async function openBootSide(config: Config, parts: Parts): Promise<BootSide> {
  const { store, clock, log } = parts
  const root = path.join(config.state_dir, 'netboot')
  const bootUrl = () => `${(config.boot_endpoint ?? parts.ramdiskUrl()).replace(/\/+$/, '')}/ferrite/v1/boot`
  const files = await openBootFiles({
    directory: path.join(root, 'cache'),
    allowedPaths: config.file_url_allowed_paths,
  })
  const tftpRoot = config.tftp_root ?? path.join(root, 'tftp')
  const nodeFiles = await openNodeFiles({ directory: path.join(root, 'nodes'), tftpRoot })
  const tracer = createTracer({ store, clock, log })
  const dhcp = dhcpFor(config, { clock, log, tracer, root, tftpRoot, bootUrl })
  const ipmi = openIpmiBmcs({
    clock,
    log,
    changeIntervalMs: config.ipmi_min_command_interval * 1000,
    program: config.ipmitool,
  })
  const server = createBootServer({ store, files, nodeFiles, tracer, bootUrl })
  const defaults = {
    deployKernel: config.deploy_kernel,
    deployRamdisk: config.deploy_ramdisk,
    kernelAppendParams: config.kernel_append_params,
  }
  return {
    isoParts: { files, defaults, loaders: config.iso_loaders },
    drivers: driversFor(config, ipmi, {
      files,
      nodeFiles,
      dhcp: dhcp.provider,
      defaults,
      bootUrl,
      tftpServer: () => config.tftp_server ?? new URL(bootUrl()).hostname.replace(/^\[|\]$/g, ''),
      debug: config.log_level === 'debug' || config.log_level === 'trace',
    }),
    server,
    tracer,
    seesDhcp: config.dhcp_provider === 'dnsmasq' && (config.dnsmasq_managed || config.dhcp_log !== undefined),
    dhcpTrouble: () => dhcp.provider.trouble(),
    bootUrl,
    async start() {
      const missing = await copyLoaders(tftpRoot, [...ipxeLoaders(config.ipxe_loaders), ...pxeLoaders])
      await writeFile(path.join(tftpRoot, 'grub', 'grub.cfg'), grubEntry, { mode: 0o644 })
      if (missing.length > 0) log.info({ missing }, 'boot loaders that are not installed here are not served by TFTP')
      await files.keepOnly(await filesInUse(store))
      await dhcp.start()
    },
    async [Symbol.asyncDispose]() {
      await dhcp.stop()
      await tracer[Symbol.asyncDispose]()
    },
  }
}

function driversFor(config: Config, ipmi: IpmiBmcs, netboot: NetworkBootParts): Pick<DriverParts, 'ipmi' | 'netboot'> {
  return {
    ipmi: {
      power: ipmiPower(ipmi, {
        changeMs: config.power_state_change_timeout * 1000,
        softOffMs: config.soft_power_off_timeout * 1000,
      }),
      management: ipmiManagement(ipmi),
    },
    netboot: {
      ipxe: networkBoot('ipxe', netboot),
      pxe: networkBoot('pxe', netboot),
      'http-ipxe': networkBoot('http-ipxe', netboot),
    },
  }
}

type DhcpParts = { clock: Clock; log: Logger; tracer: BootTracer; root: string; tftpRoot: string; bootUrl(): string }
type Dhcp = { provider: DhcpProvider; start(): Promise<void>; stop(): Promise<void> }

function dhcpFor(config: Config, parts: DhcpParts): Dhcp {
  const nothing = async () => undefined
  if (config.dhcp_provider === 'none') return { provider: noDhcp, start: nothing, stop: nothing }
  const read = readDnsmasqLog({ face: config.dnsmasq_interface })
  const onLine = (line: string) => {
    for (const { mac, seen } of read(line)) parts.tracer.sawMac(mac, seen)
  }
  return config.dnsmasq_managed ? managed(config, parts, onLine) : operatorsOwn(config, parts, onLine)
}

function managed(config: Config, parts: DhcpParts, onLine: (line: string) => void): Dhcp {
  const hostsDir = path.join(parts.root, 'dhcp-hosts')
  const optsDir = path.join(parts.root, 'dhcp-opts')
  let process: DnsmasqProcess | undefined
  const provider = dnsmasqProvider({
    hostsDir,
    optsDir,
    trouble: () => (process ? process.trouble() : 'dnsmasq is not started yet'),
  })
  return {
    provider,
    async start() {
      for (const directory of [hostsDir, optsDir]) await mkdir(directory, { recursive: true })
      const file = path.join(parts.root, 'dnsmasq.conf')
      await writeFile(
        file,
        dnsmasqConf({
          interface: config.dnsmasq_interface ?? '',
          ranges: config.dhcp_ranges,
          leaseTime: config.dhcp_lease_time,
          router: config.dhcp_router,
          dns: config.dhcp_dns,
          ipv6Prefix: config.dhcp_ipv6_prefix,
          hostsDir,
          optsDir,
          tftpRoot: parts.tftpRoot,
          leaseFile: path.join(parts.root, 'dnsmasq.leases'),
          scriptUrl: `${parts.bootUrl()}/boot.ipxe`,
          httpLoaderUrl: `${parts.bootUrl()}/loader/snponly.efi`,
        }),
      )
      process = superviseDnsmasq({ command: dnsmasqCommand(config, file), clock: parts.clock, log: parts.log, onLine })
    },
    stop: async () => process?.[Symbol.asyncDispose](),
  }
}

/** `--no-daemon`: it stays ours, keeps our user (the state directory is ours alone), and logs to us. */
function dnsmasqCommand({ dnsmasq, dnsmasq_namespace }: Config, file: string): [string, ...string[]] {
  const own: [string, ...string[]] = [dnsmasq, '--no-daemon', `--conf-file=${file}`]
  return dnsmasq_namespace === undefined ? own : ['ip', 'netns', 'exec', dnsmasq_namespace, ...own]
}

function operatorsOwn(config: Config, { clock, log, root }: DhcpParts, onLine: (line: string) => void): Dhcp {
  const file = config.dhcp_log
  const stop = new AbortController()
  let following: Promise<void> | undefined
  return {
    provider: dnsmasqProvider({
      hostsDir: config.dhcp_hostsdir ?? path.join(root, 'dhcp-hosts'),
      optsDir: config.dhcp_optsdir ?? path.join(root, 'dhcp-opts'),
      trouble: () => undefined,
    }),
    start: async () => {
      if (file !== undefined) following = followLog(file, { clock, log, signal: stop.signal, onLine })
    },
    async stop() {
      stop.abort()
      await following
    },
  }
}

async function filesInUse(store: Store): Promise<Set<string>> {
  const digests = new Set<string>()
  for await (const { internal } of everyNode(store)) {
    for (const { digest } of Object.values(internal.netboot?.files ?? {})) digests.add(digest)
  }
  return digests
}

/** Boot media that nodes still have to boot from. */
export async function mediaInUse(store: Store): Promise<Set<string>> {
  const names = new Set<string>()
  for await (const { internal } of everyNode(store)) for (const name of internal.boot_media ?? []) names.add(name)
  return names
}
