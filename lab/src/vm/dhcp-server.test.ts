import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dhcpFiles } from './dhcp-files.ts'
import { readDhcp } from './dhcp-packet.ts'
import { dhcpServer } from './dhcp-server.ts'
import type { DhcpOptions } from './dhcp-server.ts'

const mac = '52:54:00:fe:00:01'
const options: DhcpOptions = {
  server: '10.66.0.2',
  serverMac: '52:55:0a:42:00:02',
  addressOf: (asked) => (asked === mac ? '10.66.0.11' : undefined),
}

/** A request as a client broadcasts it: type, and options as hexadecimal. */
function request(type: number, more = '', from = mac): Buffer {
  const body = Buffer.alloc(240)
  body.set([1, 1, 6, 0])
  body.writeUInt32BE(0x1234, 4)
  body.set(Buffer.from(from.replaceAll(':', ''), 'hex'), 28)
  body.writeUInt32BE(0x63825363, 236)
  const payload = Buffer.concat([body, Buffer.from([53, 1, type]), Buffer.from(`${more}ff`, 'hex')])
  const frame = Buffer.alloc(42)
  frame.writeUInt16BE(0x0800, 12)
  frame.set([0x45], 14)
  frame.set([17], 23)
  frame.writeUInt16BE(67, 36)
  return Buffer.concat([frame, payload])
}

/** What an answer says: its type, its address, and one option. */
function said(answer: Uint8Array | undefined, option: number): { type: number; address: string; option: string } {
  const frame = Buffer.from(answer ?? [])
  frame.writeUInt16BE(67, 36)
  frame.set([1], 42)
  const read = readDhcp(frame)
  return {
    type: read?.type ?? 0,
    address: [...frame.subarray(58, 62)].join('.'),
    option: read?.options.get(option)?.toString('latin1') ?? '',
  }
}

/** User class "iPXE", and iPXE's own option. */
const ipxe = '4d0469505845af0101'
const bios = '5d020000'

test('a machine that is known is given its address; others and other protocols are left alone', () => {
  const serve = dhcpServer(options)
  expect(said(serve(request(1))?.[0], 1)).toMatchObject({ type: 2, address: '10.66.0.11' })
  expect(serve(request(1, '', '52:54:00:00:00:99'))).toEqual([])
  expect(serve(Buffer.alloc(60))).toBeUndefined()
})

test('iPXE is told the script, firmware the loader, a system neither', () => {
  const boot: DhcpOptions['boot'] = ({ isIpxe }) => ({
    isIgnored: false,
    options: new Map(),
    bootFile: isIpxe ? 'http://10.66.0.2/boot.ipxe' : 'undionly.kpxe',
  })
  const serve = dhcpServer({ ...options, boot })
  expect(said(serve(request(1, bios + ipxe))?.[0], 67).option).toBe('http://10.66.0.2/boot.ipxe')
  expect(said(serve(request(1, bios))?.[0], 67).option).toBe('undionly.kpxe')
  expect(said(serve(request(1))?.[0], 67).option).toBe('')
})

test('who wants an address that is not theirs is told no', () => {
  const serve = dhcpServer(options)
  expect(said(serve(request(3, '32040a420063'))?.[0], 54).type).toBe(6)
  expect(said(serve(request(3, '32040a42000b'))?.[0], 54)).toMatchObject({ type: 5, address: '10.66.0.11' })
})

test('files for dnsmasq tell what a node is told, by its tag', async () => {
  const directory = await mkdtemp(path.join(tmpdir(), 'fl-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const files = dhcpFiles({ hostsDir: directory, optsDir: directory })
  await writeFile(path.join(directory, 'host'), `${mac},set:node-1,set:ironic\n52:54:00:fe:00:02,ignore\n`)
  await writeFile(
    path.join(directory, 'options'),
    'tag:node-1,tag:ipxe,67,http://one/boot.ipxe\ntag:node-1,tag:!ipxe,67,snponly.efi\ntag:node-2,67,other\n',
  )
  await files.refresh()
  expect(files.wordFor(mac, new Set(['ipxe'])).options.get(67)).toBe('http://one/boot.ipxe')
  expect(files.wordFor(mac, new Set()).options.get(67)).toBe('snponly.efi')
  expect(files.wordFor('52:54:00:fe:00:02', new Set()).isIgnored).toBe(true)
  expect(files.wordFor('52:54:00:fe:00:03', new Set()).options.size).toBe(0)
})
