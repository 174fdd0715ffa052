import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEthernetSwitch } from './ethernet-switch.ts'
import { framed, frameReader } from './frame-stream.ts'

const all = 'ffffffffffff'
const macs = { a: '525400000001', b: '525400000002', c: '525400000003' }
const frame = (to: string, from: string, text: string) =>
  Buffer.concat([Buffer.from(to + from + '88b5', 'hex'), Buffer.from(text)])

/** Three ports, of which the last is on a network of its own; each collects what it hears. */
async function bench() {
  const dir = await mkdtemp(path.join(tmpdir(), 'fl-'))
  const networks: Record<string, string | null> = { a: 'one', b: 'one', c: 'two' }
  const fabric = openEthernetSwitch()
  const sockets: Record<string, Socket> = {}
  const heard: Record<string, string[]> = { a: [], b: [], c: [] }
  for (const name of Object.keys(networks)) {
    await fabric.open(name, path.join(dir, name), () => networks[name] ?? null)
    const socket = connect(path.join(dir, name))
    socket.on(
      'data',
      frameReader((bytes) => heard[name]?.push(bytes.toString('latin1', 18))),
    )
    await once(socket, 'connect')
    sockets[name] = socket
  }
  onTestFinished(async () => {
    for (const socket of Object.values(sockets)) socket.destroy()
    await fabric[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })
  const send = (from: 'a' | 'b' | 'c', to: string, text: string) =>
    sockets[from]?.write(framed(frame(to, macs[from], text)))
  const until = (name: string, text: string) => expect.poll(() => heard[name]).toContain(text)
  return { fabric, networks, heard, send, until }
}

test('a frame for all reaches all on its network, and nobody else', async () => {
  const { heard, send, until } = await bench()
  send('a', all, 'hello')
  await until('b', 'hello')
  expect(heard).toEqual({ a: [], b: ['hello'], c: [] })
})

test('a port that is moved hears the other network, and the old one no longer', async () => {
  const { fabric, heard, networks, send, until } = await bench()
  send('b', all, 'here I am')
  await until('a', 'here I am')
  networks['b'] = 'two'
  fabric.forget('b')
  send('a', macs.b, 'lost')
  send('c', all, 'welcome')
  await until('b', 'welcome')
  expect(heard['b']).not.toContain('lost')
})

test('what a network itself answers reaches who asked, and nobody else', async () => {
  const { fabric, heard, send, until } = await bench()
  fabric.serve('one', (bytes) => (bytes.includes('question') ? [frame(macs.a, macs.b, 'answer')] : undefined))
  send('a', all, 'question')
  await until('a', 'answer')
  expect(heard['b']).toEqual([])
})

test('frames arrive whole however the bytes are cut', () => {
  const seen: string[] = []
  const read = frameReader((bytes) => seen.push(bytes.toString('latin1', 18)))
  const stream = Buffer.concat([framed(frame(all, macs.a, 'first')), framed(frame(all, macs.a, 'second'))])
  for (const byte of stream) read(Buffer.from([byte]))
  expect(seen).toEqual(['first', 'second'])
})
