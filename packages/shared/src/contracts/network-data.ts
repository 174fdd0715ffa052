import { z } from 'zod'

// Nova's format of a machine's network configuration, which Ironic takes for `network_data` and hands on.
const mac = z.string().regex(/^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i)
const mtu = z.number().min(1).max(65_535).nullish()
const link = { id: z.string(), mtu, vif_id: z.string().optional() }

const plainTypes = ['bridge', 'dvs', 'hw_veb', 'hyperv', 'ovs', 'tap', 'vhostuser', 'vif', 'phy'] as const
const bondModes = [
  '802.3ad',
  // As older Ironic misspells it, and nothing else takes.
  '802.1ad',
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  'balance-tlb',
  'balance-alb',
] as const
const links = z.discriminatedUnion('type', [
  z.looseObject({ ...link, type: z.enum(plainTypes), ethernet_mac_address: mac }),
  z.looseObject({
    ...link,
    type: z.literal('bond'),
    ethernet_mac_address: mac,
    bond_mode: z.enum(bondModes),
    bond_links: z.array(z.string()),
  }),
  z.looseObject({
    ...link,
    type: z.literal('vlan'),
    vlan_mac_address: mac,
    vlan_id: z.int(),
    vlan_link: z.string(),
  }),
])

const v4 = z.ipv4()
const v6 = z.ipv6()
const network = { id: z.string(), link: z.string(), network_id: z.string() }
const networks = z.discriminatedUnion('type', [
  z.looseObject({
    ...network,
    type: z.enum(['ipv4', 'ipv4_dhcp']),
    ip_address: v4.optional(),
    netmask: v4.optional(),
    routes: z.array(z.looseObject({ network: v4, netmask: v4, gateway: v4 })).optional(),
  }),
  z.looseObject({
    ...network,
    type: z.enum(['ipv6', 'ipv6_dhcp', 'ipv6_slaac']),
    // An address may bring its prefix length along.
    ip_address: z.union([v6, z.cidrv6()]).optional(),
    netmask: v6.optional(),
    routes: z.array(z.looseObject({ network: v6, netmask: v6, gateway: v6 })).optional(),
  }),
])
const service = z.looseObject({ type: z.literal('dns'), address: z.union([v4, v6]) })

const whole = z.looseObject({ links: z.array(links), networks: z.array(networks), services: z.array(service) })

/** A node's network_data: nothing, or links, networks and services. */
export const networkData = z.record(z.string(), z.unknown()).superRefine((value, context) => {
  if (Object.keys(value).length === 0) return
  const [issue] = whole.safeParse(value).error?.issues ?? []
  if (issue) context.addIssue({ code: 'custom', message: `${issue.path.join('/')}: ${issue.message}` })
})
