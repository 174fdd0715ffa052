import { isIP } from 'node:net'
import { Fault } from '@ferrite/shared/fault'
import { pxeTag } from './provider.ts'

export type DnsmasqConf = {
  interface: string
  ranges: string
  leaseTime: string
  router?: string | undefined
  dns?: string | undefined
  ipv6Prefix?: string | undefined
  hostsDir: string
  optsDir: string
  tftpRoot: string
  leaseFile: string
  /** Script for clients that are iPXE, and the EFI loader for clients that boot by HTTP. */
  scriptUrl: string
  httpLoaderUrl: string
}

/** Architectures of firmware (RFC 4578, and IANA's list after it) with the tags that options are chosen by. */
const architectures: readonly (readonly [number: number, tag: string])[] = [
  [0, 'bios'],
  [6, 'efi32'],
  [7, 'efi64'],
  [9, 'efi64'],
  [11, 'efiarm64'],
  [16, 'efihttp'],
]

/** The configuration of the dnsmasq that we run: DHCP and TFTP on one interface, everything about nodes in directories. */
export function dnsmasqConf(conf: DnsmasqConf): string {
  const face = checked('dnsmasq_interface', conf.interface, /^[A-Za-z0-9][A-Za-z0-9_.-]{0,14}$/)
  const lines = [
    '# Made anew at each start; changes here are lost.',
    'port=0',
    `interface=${face}`,
    'except-interface=lo',
    'bind-dynamic',
    'dhcp-authoritative',
    'no-ping',
    'no-resolv',
    'no-hosts',
    'log-dhcp',
    'log-facility=-',
    `dhcp-leasefile=${conf.leaseFile}`,
    ...dhcpRanges(conf.ranges).map((range) => `dhcp-range=${range},${conf.leaseTime}`),
    conf.router === undefined
      ? 'dhcp-option=option:router'
      : `dhcp-option=option:router,${address('dhcp_router', conf.router)}`,
    ...(conf.dns === undefined ? [] : [`dhcp-option=option:dns-server,${address('dhcp_dns', conf.dns)}`]),
    `dhcp-hostsdir=${conf.hostsDir}`,
    `dhcp-optsdir=${conf.optsDir}`,
    'enable-tftp',
    'tftp-no-fail',
    `tftp-root=${conf.tftpRoot}`,
    'dhcp-no-override',
    '# Clients that are iPXE already say so by option 175.',
    'dhcp-match=set:ipxe,175',
    ...architectures.map(([number, tag]) => `dhcp-match=set:${tag},option:client-arch,${number}`),
    `dhcp-boot=tag:ipxe,${conf.scriptUrl}`,
    'dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe',
    'dhcp-boot=tag:!ipxe,tag:efi64,snponly.efi',
    `dhcp-boot=tag:!ipxe,tag:efihttp,${conf.httpLoaderUrl}`,
    'dhcp-option-force=tag:!ipxe,tag:efihttp,60,HTTPClient',
    '# The last line that fits is the one that counts.',
    `dhcp-boot=tag:!ipxe,tag:bios,tag:${pxeTag},pxelinux.0`,
    `dhcp-boot=tag:!ipxe,tag:efi64,tag:${pxeTag},bootx64.efi`,
    ...routerAdvertisement(face, conf.ipv6Prefix),
  ]
  return `${lines.join('\n')}\n`
}

/** iPXE waits some 13 s for a router advertisement where there is none. */
function routerAdvertisement(face: string, prefix: string | undefined): string[] {
  if (prefix === undefined) return []
  const [net = '', length = ''] = prefix.split('/')
  if (isIP(net) !== 6 || length !== '64')
    throw new Fault('invalid', 'setting dhcp_ipv6_prefix must be an IPv6 prefix such as fd66::/64')
  return ['enable-ra', `dhcp-range=${net},ra-only,64`, `ra-param=${face},high,60`]
}

/** `10.0.0.10-10.0.0.99/24` as dnsmasq writes it: first, last, netmask. */
export function dhcpRanges(text: string): string[] {
  const ranges = text
    .split(',')
    .map((one) => one.trim())
    .filter(Boolean)
  if (ranges.length === 0)
    throw new Fault('invalid', 'setting dhcp_ranges must name addresses to hand out, as 10.0.0.10-10.0.0.99/24')
  return ranges.map((range) => {
    const [, first = '', last = '', length = ''] = /^([\d.]+)-([\d.]+)\/(\d{1,2})$/.exec(range) ?? []
    const bits = Number(length)
    if (isIP(first) !== 4 || isIP(last) !== 4 || bits < 8 || bits > 30) {
      throw new Fault('invalid', `setting dhcp_ranges holds ${range}, which is no range such as 10.0.0.10-10.0.0.99/24`)
    }
    const mask = (0xffffffff << (32 - bits)) >>> 0
    return [first, last, [24, 16, 8, 0].map((shift) => (mask >>> shift) & 255).join('.')].join(',')
  })
}

const address = (setting: string, text: string): string => {
  if (isIP(text) === 4) return text
  throw new Fault('invalid', `setting ${setting} must be an IPv4 address, not ${text.slice(0, 100)}`)
}

function checked(setting: string, text: string, form: RegExp): string {
  if (form.test(text)) return text
  throw new Fault('invalid', `setting ${setting} cannot be ${JSON.stringify(text.slice(0, 100))}`)
}
