import { formatBytes, formatDuration } from '@ferrite/shared/units'
import {
  furthest,
  type BootSign,
  type BootTrace,
  type BootTrouble,
  type Seen,
  type SeenSign,
} from '../core/boot-trace.ts'

/** All that is known about a boot that goes nowhere. */
export type BootFacts = {
  boot: BootTrace | undefined
  /** Milliseconds without progress. */
  silentMs: number
  /** What the BMC says now; undefined when it does not. */
  power: 'power on' | 'power off' | null | undefined
  /** Why our DHCP server cannot answer. */
  dhcpTrouble: string | undefined
  /** Whether our own DHCP server's requests can be seen at all. */
  seesDhcp: boolean
  /** Ports that the switch says are elsewhere than they should be. */
  misplaced: readonly { mac: string; network: string | null; wanted: string }[]
  /** The switch says that every port is where it should be. */
  placed: boolean
  movement: Seen | undefined
  bootUrl: string
}

type Say = (facts: BootFacts, at: (what: BootSign | BootTrouble) => SeenSign | undefined) => string | undefined

/** What stopped the boot, most certain first: the first row that has something to say is the message. */
const rows: readonly Say[] = [
  ({ power }, at) => {
    if (power !== 'power off') return undefined
    const gaveUp = at('gave_up') && whatGaveUp(at)
    if (gaveUp) return gaveUp
    const reached = furthestNetwork(at)
    if (reached) return 'the machine is off again: it lost its power, or powered itself off'
    return 'the machine never powered on, or is off again: the BMC took the order, but says "power off". Look at its power supply, its power policy and its event log'
  },
  (_, at) => whatGaveUp(at),
  (_, at) => {
    const refused = at('hello_refused')
    return refused && !at('agent_hello')
      ? `the ramdisk runs, but its lookup was refused (${refused.detail}): enrol the MAC address that it boots from as a port of this node`
      : undefined
  },
  (_, at) =>
    at('agent_hello') && !at('agent_ready')
      ? 'the ramdisk’s agent looked itself up, but no heartbeat came: is its callback address reachable, and its certificate or address accepted (agent_require_tls, agent_callback_cidrs)?'
      : undefined,
  ({ bootUrl }, at) =>
    at('ramdisk_dhcp')
      ? `the ramdisk runs and asked for an address, but no lookup came from it. Likely: it got no address, it cannot reach ${new URL(bootUrl).origin} (a router, a firewall), or its agent does not start. Its console tells`
      : undefined,
  (_, at) =>
    at('ramdisk_sent')
      ? 'kernel and ramdisk were sent whole, but the ramdisk neither asked for an address nor looked itself up. Likely: the kernel does not start on this machine, or the ramdisk lacks a driver for its network card. Its console tells'
      : undefined,
  ({ movement }, at) => cut('ramdisk', at, movement),
  (_, at) => missing('ramdisk', at),
  ({ movement }, at) => cut('kernel', at, movement),
  (_, at) => missing('kernel', at),
  (_, at) =>
    at('kernel_sent')
      ? 'the kernel was sent, but the ramdisk was never asked for. Likely: the machine has too little memory, or its loader stopped'
      : undefined,
  (_, at) =>
    at('script_sent')
      ? 'the boot script was sent, but no kernel was asked for. Likely: the loader cannot run the script, or Secure Boot stops it'
      : undefined,
  (_, at) =>
    at('script_missing')
      ? `the machine asked for its boot script and there was none (${at('script_missing')?.detail}): it booted from another port than the enrolled one`
      : undefined,
  (_, at) =>
    at('loader_missing')
      ? `the boot loader ${at('loader_missing')?.detail} is missing on the TFTP server: install Debian’s ipxe (for boot interface pxe: pxelinux, shim-signed, grub-efi-amd64-signed) on it, or copy it into the TFTP root`
      : undefined,
  (_, at) =>
    at('unknown_architecture')
      ? `wrong architecture: the machine’s firmware is ${at('unknown_architecture')?.detail}, for which there is no boot loader here`
      : undefined,
  (_, at) =>
    at('loader_cut')
      ? `the boot loader ${at('loader_cut')?.detail} was not sent whole by TFTP. Likely: a firewall, or a path with a smaller MTU`
      : undefined,
  ({ bootUrl }, at) =>
    at('loader_sent')
      ? `the boot loader was sent, but it asked for no script. Likely: Secure Boot refuses the loader, the loader does not know this network card, or ${bootUrl} cannot be reached from there`
      : undefined,
  (_, at) =>
    at('dhcp_answer')
      ? `the machine was given the address ${at('dhcp_answer')?.detail}, but fetched no boot loader. Likely: another DHCP server answered first, UDP port 69 is filtered, or the firmware does not take the offered file`
      : undefined,
  (_, at) =>
    at('wrong_interface')
      ? `the machine asks for an address on ${at('wrong_interface')?.detail}: it is on the wrong network (VLAN)`
      : undefined,
  ({ misplaced: [one] }) =>
    one &&
    `the machine is on the wrong network (VLAN): the switch says that port ${one.mac} is on ${one.network ?? 'none'}, not on ${one.wanted}`,
  ({ dhcpTrouble }) => dhcpTrouble && `there is no DHCP: ${dhcpTrouble}`,
  (_, at) =>
    at('dhcp_request')
      ? `there is no DHCP answer: the machine asked for an address and got none${reason(at('dhcp_unanswered'))}. Likely: no free address (dhcp_ranges), or the host is ignored by dnsmasq`
      : undefined,
  (facts) => nothingSeen(facts),
]

/** Why a boot does not go on, in one sentence, and what it got to. */
export function diagnose(facts: BootFacts): string {
  const seen = new Map(facts.boot?.signs.map((one) => [one.what, one]))
  const why = rows.map((say) => say(facts, (what) => seen.get(what))).find((text) => text !== undefined && text !== '')
  return `${why ?? 'nothing is known about it'}. ${lastSeen(facts)}`
}

/** `Last seen: the kernel was sent (8.1 MB), 2 min ago.` */
export function lastSeen({ boot, silentMs }: Pick<BootFacts, 'boot' | 'silentMs'>): string {
  const last = furthest(boot)
  const ago = formatDuration(silentMs)
  if (!last) return `Nothing was seen of it for ${ago}`
  const bytes = last.bytes === null ? '' : ` (${formatBytes(last.bytes)})`
  return `Last seen: ${name(last.what)}${bytes}; nothing new for ${ago}`
}

const names: Readonly<Record<BootSign, string>> = {
  power_on: 'power on',
  dhcp_request: 'a DHCP request',
  dhcp_answer: 'a DHCP answer',
  loader_sent: 'the boot loader sent',
  script_sent: 'the boot script sent',
  kernel_started: 'the kernel asked for',
  kernel_sent: 'the kernel sent',
  ramdisk_started: 'the ramdisk asked for',
  ramdisk_sent: 'the ramdisk sent',
  ramdisk_dhcp: 'a DHCP request of the ramdisk',
  agent_hello: 'the agent’s lookup',
  agent_ready: 'the agent’s first heartbeat',
}
/** A sign in words. */
export const name = (what: string): string =>
  (names as Readonly<Record<string, string>>)[what] ?? what.replaceAll('_', ' ')

type At = (what: BootSign | BootTrouble) => SeenSign | undefined

const furthestNetwork = (at: At): string | undefined =>
  (['ramdisk_sent', 'kernel_sent', 'script_sent', 'loader_sent', 'dhcp_answer', 'dhcp_request'] as const).find(at)

function whatGaveUp(at: At): string | undefined {
  if (!at('gave_up')) return undefined
  const found =
    missing('kernel', at) ?? missing('ramdisk', at) ?? cut('ramdisk', at, undefined) ?? cut('kernel', at, undefined)
  return `${found ?? 'the machine could not load kernel and ramdisk'}; it tried ten times, and then powered itself off`
}

function missing(kind: 'kernel' | 'ramdisk', at: At): string | undefined {
  const seen = at(`${kind}_missing`)
  return seen && !at(`${kind}_sent`)
    ? `the ${kind} is missing: the machine asked for ${seen.detail} and was told that it is not there (404)`
    : undefined
}

function cut(kind: 'kernel' | 'ramdisk', at: At, movement: Seen | undefined): string | undefined {
  const seen =
    at(`${kind}_cut`) ??
    (at(`${kind}_started`) && movement?.what === `${kind}_started` ? movement : at(`${kind}_started`))
  if (!seen || at(`${kind}_sent`)) return undefined
  const bytes =
    typeof seen.bytes === 'number' && typeof seen.total === 'number'
      ? `: ${formatBytes(seen.bytes)} of ${formatBytes(seen.total)}`
      : ''
  return `the ${kind} was not fetched whole${bytes}. Likely: a bad cable or link, a path with a smaller MTU, or a machine that ran out of memory`
}

const reason = (seen: SeenSign | undefined): string => (seen?.detail ? ` (${seen.detail})` : '')

function nothingSeen({ seesDhcp, power, placed }: BootFacts): string {
  const on = power === 'power on' ? 'the machine is on' : 'the BMC does not say whether the machine is on'
  if (placed) {
    const who = seesDhcp ? 'our DHCP server heard nothing of it' : 'it fetched nothing from here'
    return `${on} and its port is on the right network, but ${who}. Likely: there is no DHCP (its server is down, or does not listen there), the network card is not in the boot order, the BMC ignored the boot device, or the firmware is still at its self-test`
  }
  if (!seesDhcp)
    return `${on}, but it fetched nothing from here. Likely: no DHCP server answers it, or one that does not name our boot script; wrong network (VLAN); the network is not in its boot order`
  return `${on}, but no DHCP request of it was seen. Likely: wrong network (VLAN), no cable, the network card not in its boot order, the BMC ignored the boot device, or its firmware is still at its self-test`
}
