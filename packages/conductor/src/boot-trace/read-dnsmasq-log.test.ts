import { expect, test } from 'vitest'
import type { LogSight } from './read-dnsmasq-log.ts'
import { readDnsmasqLog } from './read-dnsmasq-log.ts'

const mac = '52:54:00:66:00:11'
const sights = (lines: string, options = {}): LogSight['seen'][] => {
  const read = readDnsmasqLog(options)
  return lines
    .split('\n')
    .flatMap(read)
    .map((one) => {
      expect(one.mac).toBe(mac)
      return one.seen
    })
}

test('a boot of UEFI firmware by TFTP, as dnsmasq 2.90 logs it', () => {
  const log = `Nov 23 10:57:56 dnsmasq-dhcp[22979]: 1966567 available DHCP range: 10.66.0.100 -- 10.66.0.199
Nov 23 10:57:56 dnsmasq-dhcp[22979]: 1966567 vendor class: PXEClient:Arch:00007:UNDI:003001
Nov 23 10:57:56 dnsmasq-dhcp[22979]: 1966567 DHCPDISCOVER(br-provisioning) ${mac}
Nov 23 10:57:56 dnsmasq-dhcp[22979]: 1966567 tags: efi64, known, ironic, br-provisioning
Nov 23 10:57:56 dnsmasq-dhcp[22979]: 1966567 DHCPOFFER(br-provisioning) 10.66.0.161 ${mac}
Nov 23 10:57:56 dnsmasq-dhcp[22979]: 1966567 bootfile name: snponly.efi
Nov 23 10:57:57 dnsmasq-tftp[22979]: error 8 User aborted the transfer received from 10.66.0.161
Nov 23 10:57:57 dnsmasq-tftp[22979]: sent /var/lib/ferrite/netboot/tftp/snponly.efi to 10.66.0.161`
  expect(sights(log)).toEqual([
    { what: 'dhcp_request', detail: 'x86_64 UEFI' },
    { what: 'dhcp_answer', detail: '10.66.0.161' },
    { what: 'loader_sent', detail: 'snponly.efi' },
  ])
})

const answered = `dnsmasq-dhcp: 1 DHCPACK(br0) 10.66.0.161 ${mac} host`

test.each([
  [`dnsmasq-dhcp: 7 DHCPDISCOVER(br0) ${mac} no address available`, 'dhcp_unanswered', 'no address available'],
  [`dnsmasq-dhcp: 7 DHCPDISCOVER(br0) ${mac} ignored`, 'dhcp_unanswered', 'ignored'],
  [`dnsmasq-dhcp: 7 DHCPNAK(br0) 10.0.0.9 ${mac} wrong network`, 'dhcp_unanswered', 'the server said no (DHCPNAK)'],
  [`${answered}\ndnsmasq-tftp: file /tftp/snponly.efi not found for 10.66.0.161`, 'loader_missing', 'snponly.efi'],
  [`${answered}\ndnsmasq-tftp: failed sending /tftp/snponly.efi to 10.66.0.161`, 'loader_cut', 'snponly.efi'],
  [`${answered}\ndnsmasq-tftp: sent /tftp/x/deploy_kernel to 10.66.0.161`, 'kernel_sent', 'deploy_kernel'],
  [`${answered}\ndnsmasq-tftp: failed sending /tftp/x/deploy_ramdisk to 10.66.0.161`, 'ramdisk_cut', 'deploy_ramdisk'],
  [
    `${answered}\ndnsmasq-tftp: sent /tftp/pxelinux.cfg/01-52-54-00-66-00-11 to 10.66.0.161`,
    'script_sent',
    '01-52-54-00-66-00-11',
  ],
])('%j', (log, what, detail) => {
  expect(sights(log).at(-1)).toEqual({ what, detail })
})

test('firmware for which there is no loader is told by its architecture', () => {
  const log = `dnsmasq-dhcp: 5 vendor class: PXEClient:Arch:00011:UNDI:003000\ndnsmasq-dhcp: 5 DHCPDISCOVER(br0) ${mac}`
  expect(sights(log)).toContainEqual({ what: 'unknown_architecture', detail: 'aarch64 UEFI' })
})

test('a request on another interface than the provisioning one is told', () => {
  const log = `dnsmasq-dhcp: 5 DHCPDISCOVER(br-tenant) ${mac}`
  expect(sights(log, { face: 'br-prov' })).toEqual([{ what: 'wrong_interface', detail: 'br-tenant' }])
})

test('names that PXELINUX and GRUB try on their way say nothing', () => {
  expect(sights(`${answered}\ndnsmasq-tftp: file /tftp/pxelinux.cfg/0A4200A1 not found for 10.66.0.161`)).toHaveLength(
    1,
  )
})

test('other lines, and lines of unknown machines, say nothing', () => {
  const noise = [
    '',
    'started',
    'dnsmasq-tftp: sent /x to 10.9.9.9',
    'dnsmasq-dhcp: read /x',
    'dnsmasq: compile time options: …',
  ]
  expect(noise.flatMap(readDnsmasqLog())).toEqual([])
})
