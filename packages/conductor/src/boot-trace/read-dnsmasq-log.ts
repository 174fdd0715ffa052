import type { Seen } from '../core/boot-trace.ts'

/** What a line of dnsmasq's log says about a machine. */
export type LogSight = { mac: string; seen: Seen }

/** Firmware's architectures, as RFC 4578 and IANA number them. */
const architectures: Readonly<Record<number, string>> = {
  0: 'BIOS',
  6: '32-bit x86 UEFI',
  7: 'x86_64 UEFI',
  9: 'x86_64 UEFI',
  10: '32-bit ARM UEFI',
  11: 'aarch64 UEFI',
  15: '32-bit x86 UEFI HTTP boot',
  16: 'x86_64 UEFI HTTP boot',
  19: 'aarch64 UEFI HTTP boot',
  27: '64-bit RISC-V UEFI',
}
const served = new Set([0, 7, 9, 16])

const mostClients = 10_000

/**
 * Reads dnsmasq's log (with log-dhcp), line by line: requests, answers, files sent by TFTP. Lines of one exchange are
 * tied by its number, files to machines by the address that was handed out.
 */
export function readDnsmasqLog(options: { face?: string | undefined } = {}): (line: string) => LogSight[] {
  const state: State = { vendors: new Map(), macs: new Map(), face: options.face }
  return (line) => {
    const dhcp = /dnsmasq-dhcp\[?\d*\]?: (?:(\d+) )?(.*)$/.exec(line)
    if (dhcp) return dhcpLine(state, dhcp[1] ?? '', dhcp[2] ?? '')
    const tftp = /dnsmasq-tftp\[?\d*\]?: (.*)$/.exec(line)
    return tftp ? tftpLine(state, tftp[1] ?? '') : []
  }
}

type State = {
  /** Exchange → what its client says of itself. */
  vendors: Map<string, string>
  /** Address → MAC. */
  macs: Map<string, string>
  face: string | undefined
}

function dhcpLine(state: State, exchange: string, text: string): LogSight[] {
  const vendor = /^vendor class: (.*)$/.exec(text)?.[1]
  if (vendor !== undefined) {
    remember(state.vendors, exchange, vendor)
    return []
  }
  const [, verb = '', face = '', rest = ''] = /^(DHCP[A-Z]+)\(([^)]+)\) ?(.*)$/.exec(text) ?? []
  const mac = /\b([0-9a-f]{2}(?::[0-9a-f]{2}){5})\b/i.exec(rest)?.[1]?.toLowerCase()
  if (mac === undefined) return []
  const address = /\b(\d{1,3}(?:\.\d{1,3}){3})\b/.exec(rest)?.[1]
  if (verb === 'DHCPDISCOVER' || verb === 'DHCPREQUEST') return request(state, { exchange, face, rest, mac })
  if ((verb === 'DHCPOFFER' || verb === 'DHCPACK') && address !== undefined) {
    remember(state.macs, address, mac)
    return [{ mac, seen: { what: 'dhcp_answer', detail: address } }]
  }
  if (verb === 'DHCPNAK') return [{ mac, seen: { what: 'dhcp_unanswered', detail: 'the server said no (DHCPNAK)' } }]
  return []
}

type Request = { exchange: string; face: string; rest: string; mac: string }

function request(state: State, { exchange, face, rest, mac }: Request): LogSight[] {
  const sights: LogSight[] = []
  if (state.face !== undefined && face !== state.face) {
    return [{ mac, seen: { what: 'wrong_interface', detail: face } }]
  }
  const arch = archOf(state.vendors.get(exchange))
  const client = arch === undefined ? state.vendors.get(exchange) : nameOf(arch)
  sights.push({ mac, seen: { what: 'dhcp_request', detail: client?.slice(0, 80) ?? null } })
  if (arch !== undefined && !served.has(arch)) {
    sights.push({ mac, seen: { what: 'unknown_architecture', detail: nameOf(arch) } })
  }
  const refusal =
    /\b(ignored|no address available|no unique-id|address not available|wrong network|wrong address|address in use|unknown lease|not using configured address.*)$/.exec(
      rest,
    )?.[1]
  if (refusal !== undefined) sights.push({ mac, seen: { what: 'dhcp_unanswered', detail: refusal } })
  return sights
}

const nameOf = (arch: number): string => architectures[arch] ?? `architecture ${arch}`
const archOf = (vendor: string | undefined): number | undefined => {
  const text = /(?:PXE|HTTP)Client:Arch:(\d{1,5})/.exec(vendor ?? '')?.[1]
  return text === undefined ? undefined : Number(text)
}

function tftpLine(state: State, text: string): LogSight[] {
  const [, verb, file = '', address = ''] =
    /^(sent|failed sending|file) (\S+?)(?: not found)?(?: for| to) (\S+)$/.exec(text) ?? []
  const mac = state.macs.get(address)
  if (verb === undefined || mac === undefined) return []
  const kind = kindOf(file)
  const detail = file.split('/').at(-1) ?? file
  if (verb === 'sent') return [{ mac, seen: { what: `${kind}_sent`, detail } }]
  if (verb === 'failed sending') return kind === 'script' ? [] : [{ mac, seen: { what: `${kind}_cut`, detail } }]
  // PXELINUX and GRUB try many names for their configuration before they come to the right one; shim asks for updates.
  return kind === 'script' || optional.test(detail) ? [] : [{ mac, seen: { what: `${kind}_missing`, detail } }]
}

const optional = /^(revocations\w*|certwrapper|shim_certificate\w*|mm\w+|fb\w+)\.efi$/i

function kindOf(file: string): 'loader' | 'script' | 'kernel' | 'ramdisk' {
  if (file.endsWith('deploy_kernel')) return 'kernel'
  if (file.endsWith('deploy_ramdisk')) return 'ramdisk'
  return /pxelinux\.cfg\/|\/grub\/|\.(cfg|conf|lst|mod)$/.test(file) ? 'script' : 'loader'
}

function remember<K, V>(map: Map<K, V>, key: K, value: V): void {
  map.delete(key)
  map.set(key, value)
  const oldest = map.keys().next()
  if (map.size > mostClients && !oldest.done) map.delete(oldest.value)
}
