import { bridgeName, subnets } from './vm-network.ts'
import type { NetworkOptions } from './vm-network.ts'

const common = (network: string, dir: string): string[] => {
  const prefix = subnets[network]?.prefix ?? ''
  return [
    'port=0',
    `interface=${bridgeName(network)}`,
    ...['bind-interfaces', 'except-interface=lo', 'dhcp-authoritative', 'no-ping', 'no-resolv', 'no-hosts', 'log-dhcp'],
    ...[`dhcp-leasefile=${dir}/${network}.leases`, `dhcp-range=${prefix}.100,${prefix}.199,255.255.255.0,1h`],
    `dhcp-option=option:router,${prefix}.2`,
    // Not somebody else: of a namespace's user there is only one.
    ...['user=root', 'group=root'],
  ]
}

/** dnsmasq's configuration for each network of a namespace; the conductor's files tell about its nodes. */
export function dnsmasqConfigs(options: NetworkOptions): Readonly<Record<string, string>> {
  const { dir, scriptUrl, hostsDir, optsDir, tftpRoot, dhcpLog } = options
  const provisioning = [
    ...common('provisioning', dir),
    `log-facility=${dhcpLog}`,
    ...[`dhcp-hostsdir=${hostsDir}`, `dhcp-optsdir=${optsDir}`],
    ...['enable-tftp', `tftp-root=${tftpRoot}`, 'dhcp-no-override', 'dhcp-match=set:ipxe,175'],
    ...['dhcp-match=set:bios,option:client-arch,0', 'dhcp-match=set:efi,option:client-arch,7'],
    'dhcp-match=set:efi,option:client-arch,9',
    `dhcp-boot=tag:ipxe,${scriptUrl}`,
    ...['dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe', 'dhcp-boot=tag:!ipxe,tag:efi,snponly.efi'],
    // iPXE waits for a router advertisement, for long where there is none.
    ...['enable-ra', 'dhcp-range=fd66::,ra-only,64', `ra-param=${bridgeName('provisioning')},high,60`],
  ]
  const tenant = [...common('tenant', dir), `log-facility=${dir}/dnsmasq-tenant.log`]
  const text = (lines: string[]) => `${lines.join('\n')}\n`
  return { provisioning: text(provisioning), tenant: text(tenant) }
}
