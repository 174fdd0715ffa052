import { z } from 'zod'
import { bool, names, seconds } from './setting-types.ts'

const text = () => z.string().min(1).optional()

/** Settings of BMCs that speak IPMI, of booting from the network, of DHCP and of the bridge network. */
export const bootSettings = {
  ipmi_min_command_interval: seconds(5).describe('Seconds between two changes on one IPMI BMC.'),
  ipmitool: z.string().min(1).default('ipmitool').describe('Program that speaks IPMI.'),

  deploy_kernel: text().describe('Kernel of the deploy ramdisk, for nodes whose driver_info names none.'),
  deploy_ramdisk: text().describe('Deploy ramdisk, for nodes whose driver_info names none.'),
  iso_loaders: text().describe(
    'Directory of the boot loaders that "ramdisk build" leaves, for ISO images of nodes; default: beside a kernel that is a file here.',
  ),
  file_url_allowed_paths: names([]).describe('Directories from which kernels and ramdisks may come as file: URLs.'),
  kernel_append_params: z
    .string()
    .default('nofb nomodeset console=tty0 console=ttyS0,115200n8')
    .describe('Kernel parameters for ramdisks, beside our own; what %default% stands for in a node’s.'),
  boot_endpoint: text().describe('URL under which boot loaders reach this conductor; default: ramdisk_endpoint.'),
  ipxe_loaders: z.string().default('/usr/lib/ipxe').describe('Directory of the iPXE loaders (Debian: package ipxe).'),
  boot_firmware_timeout: seconds(900).describe(
    'Seconds that firmware may take from power on until its first sign on the network; 0 is no limit.',
  ),
  boot_stage_timeout: seconds(300).describe(
    'Seconds without progress of a network boot that has begun before it has failed; 0 is no limit.',
  ),

  dhcp_provider: z
    .enum(['none', 'dnsmasq'])
    .default('none')
    .describe('Who is told of machines that are to boot from the network.'),
  dnsmasq_managed: bool(false).describe('Start and supervise a dnsmasq of our own, for DHCP and TFTP.'),
  dnsmasq: z.string().min(1).default('dnsmasq').describe('Program of the managed dnsmasq.'),
  dnsmasq_namespace: text().describe('Network namespace that the managed dnsmasq runs in.'),
  dnsmasq_interface: text().describe('Network interface of the managed dnsmasq.'),
  dhcp_ranges: z
    .string()
    .default('')
    .describe('Addresses that the managed dnsmasq hands out, as FIRST-LAST/PREFIX, separated by commas.'),
  dhcp_router: text().describe('Router that machines are told of; none unless given.'),
  dhcp_dns: text().describe('Name server that machines are told of; none unless given.'),
  dhcp_ipv6_prefix: text().describe('IPv6 prefix to advertise, as fd66::/64: iPXE then does not wait for one.'),
  dhcp_lease_time: z
    .string()
    .regex(/^\d+[smh]$/)
    .default('10m')
    .describe('How long an address is lent.'),
  dhcp_hostsdir: text().describe('Directory that a dnsmasq of your own reads hosts from (its dhcp-hostsdir).'),
  dhcp_optsdir: text().describe('Directory that it reads options from (its dhcp-optsdir).'),
  dhcp_log: text().describe('Log of that dnsmasq (its log-facility, with log-dhcp), for the trace of boots.'),
  tftp_root: text().describe('Directory that TFTP serves; default: one in state_dir.'),
  tftp_server: text().describe('Address of the TFTP server; default: the host of boot_endpoint.'),

  bridge_namespace: text().describe('Network namespace of the bridges of network interface bridge.'),
  bridges: names([]).describe('Bridge of each network, as NETWORK=BRIDGE; br-NETWORK unless named.'),
}

/** `['tenant=br1']` as a table. */
export const bridgeNames = (given: readonly string[]): Record<string, string> =>
  Object.fromEntries(given.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]))
