import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { dhcpRanges, dnsmasqConf, type DnsmasqConf } from './dnsmasq-conf.ts'
import { dnsmasqProvider, optionLines } from './dnsmasq-files.ts'
import type { DhcpBoot } from './provider.ts'

const uuid = '5d3a8c0e-0000-4000-8000-000000000001'
const boot: DhcpBoot = {
  loader: 'ipxe',
  bootFile: 'snponly.efi',
  scriptUrl: 'http://10.66.0.1:6386/ferrite/v1/boot/boot.ipxe',
  tftpServer: '10.66.0.1',
}
const conf: DnsmasqConf = {
  interface: 'br-prov',
  ranges: '10.66.0.100-10.66.0.199/24',
  leaseTime: '10m',
  router: '10.66.0.1',
  ipv6Prefix: 'fd66::/64',
  hostsDir: '/state/dhcp-hosts',
  optsDir: '/state/dhcp-opts',
  tftpRoot: '/state/tftp',
  leaseFile: '/state/leases',
  scriptUrl: boot.scriptUrl,
  httpLoaderUrl: 'http://10.66.0.1:6386/ferrite/v1/boot/loader/snponly.efi',
}

test('the configuration of the dnsmasq that we run, whole', () => {
  expect(dnsmasqConf(conf)).toBe(`# Made anew at each start; changes here are lost.
port=0
interface=br-prov
except-interface=lo
bind-dynamic
dhcp-authoritative
no-ping
no-resolv
no-hosts
log-dhcp
log-facility=-
dhcp-leasefile=/state/leases
dhcp-range=10.66.0.100,10.66.0.199,255.255.255.0,10m
dhcp-option=option:router,10.66.0.1
dhcp-hostsdir=/state/dhcp-hosts
dhcp-optsdir=/state/dhcp-opts
enable-tftp
tftp-no-fail
tftp-root=/state/tftp
dhcp-no-override
# Clients that are iPXE already say so by option 175.
dhcp-match=set:ipxe,175
dhcp-match=set:bios,option:client-arch,0
dhcp-match=set:efi32,option:client-arch,6
dhcp-match=set:efi64,option:client-arch,7
dhcp-match=set:efi64,option:client-arch,9
dhcp-match=set:efiarm64,option:client-arch,11
dhcp-match=set:efihttp,option:client-arch,16
dhcp-boot=tag:ipxe,http://10.66.0.1:6386/ferrite/v1/boot/boot.ipxe
dhcp-boot=tag:!ipxe,tag:bios,undionly.kpxe
dhcp-boot=tag:!ipxe,tag:efi64,snponly.efi
dhcp-boot=tag:!ipxe,tag:efihttp,http://10.66.0.1:6386/ferrite/v1/boot/loader/snponly.efi
dhcp-option-force=tag:!ipxe,tag:efihttp,60,HTTPClient
# The last line that fits is the one that counts.
dhcp-boot=tag:!ipxe,tag:bios,tag:pxe-loader,pxelinux.0
dhcp-boot=tag:!ipxe,tag:efi64,tag:pxe-loader,bootx64.efi
enable-ra
dhcp-range=fd66::,ra-only,64
ra-param=br-prov,high,60
`)
})

test.each([
  '',
  '10.0.0.1',
  '10.0.0.1-10.0.0.9',
  '10.0.0.1-10.0.0.9/33',
  '10.0.0.1-10.0.0.9/24\nconf-file=/x',
  '999.0.0.1-10.0.0.9/24',
])('a range %j is refused', (range) => {
  expect(() => dhcpRanges(range)).toThrow('dhcp_ranges')
})

test('what could add a line is refused', () => {
  expect(() => dnsmasqConf({ ...conf, interface: 'br0\nconf-file=/x' })).toThrow('dnsmasq_interface')
  expect(() => dnsmasqConf({ ...conf, router: 'x' })).toThrow('dhcp_router')
  expect(() => dnsmasqConf({ ...conf, ipv6Prefix: 'fd66::/48' })).toThrow('dhcp_ipv6_prefix')
  expect(() => optionLines(uuid, { ...boot, bootFile: 'a\nb' })).toThrow('cannot be told')
})

test('a machine’s options: the script for iPXE, a loader for firmware, the server for both', () => {
  const tag = `tag:${uuid}`
  expect(optionLines(uuid, boot)).toBe(`${tag},tag:ipxe,67,${boot.scriptUrl}
${tag},tag:!ipxe,67,snponly.efi
${tag},66,10.66.0.1
${tag},150,10.66.0.1
`)
  expect(optionLines(uuid, { ...boot, loader: 'pxe', bootFile: 'pxelinux.0' })).toContain(`${tag},67,pxelinux.0\n`)
  expect(optionLines(uuid, { ...boot, loader: 'http-ipxe' })).toContain(`${tag},tag:!ipxe,60,HTTPClient\n`)
})

test('a file a port and one a node; afterwards the port is ignored, or served without a boot', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-dhcp-'))
  const [hostsDir, optsDir] = [path.join(directory, 'hosts'), path.join(directory, 'opts')]
  const provider = dnsmasqProvider({ hostsDir, optsDir, trouble: () => undefined })
  const node = { uuid, macs: ['52:54:00:AA:BB:01', '52:54:00:aa:bb:02'], staysHere: false }
  const host = (mac: string) => readFile(path.join(hostsDir, `ironic-${mac}.conf`), 'utf8')
  await provider.prepare(node, boot)
  await provider.prepare(node, boot)
  expect(await readdir(hostsDir)).toEqual(['ironic-52:54:00:aa:bb:01.conf', 'ironic-52:54:00:aa:bb:02.conf'])
  expect(await readdir(optsDir)).toEqual([`ironic-${uuid}.conf`])
  expect(await host('52:54:00:aa:bb:01')).toBe(`52:54:00:aa:bb:01,set:${uuid},set:ironic\n`)
  await provider.cleanUp(node)
  expect(await host('52:54:00:aa:bb:01')).toBe('52:54:00:aa:bb:01,ignore\n')
  expect(await readdir(optsDir)).toEqual([])
  await provider.cleanUp({ ...node, staysHere: true })
  expect(await host('52:54:00:aa:bb:02')).toBe(`52:54:00:aa:bb:02,set:${uuid},set:ironic\n`)
  await rm(directory, { recursive: true })
})
