import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, expect, test } from 'vitest'
import { askTime } from './sntp.ts'

const servers: Socket[] = []
afterEach(() => servers.splice(0).forEach((server) => server.close()))

/** A time server that is ahead by some seconds; `spoil` changes each answer, or swallows it with null. */
async function timeServer(
  aheadSeconds: number,
  spoil: (answer: Buffer, n: number) => Buffer | null = (answer) => answer,
) {
  const server = createSocket('udp4')
  servers.push(server)
  let asked = 0
  server.on('message', (question, from) => {
    const answer = Buffer.alloc(48)
    answer[0] = 0x24
    answer[1] = 2
    question.copy(answer, 24, 40, 48)
    const now = Date.now() / 1000 + aheadSeconds + 2_208_988_800
    for (const at of [32, 40]) {
      answer.writeUInt32BE(Math.floor(now) >>> 0, at)
      answer.writeUInt32BE(Math.floor((now % 1) * 2 ** 32), at + 4)
    }
    const sent = spoil(answer, (asked += 1))
    if (sent) server.send(sent, from.port, from.address)
  })
  server.bind(0, '127.0.0.1')
  await once(server, 'listening')
  return { address: '127.0.0.1', port: server.address().port, attempts: 2, timeoutMs: 100 }
}

const socket = () => createSocket('udp4')

test('the clock is told how far it is behind', async () => {
  const offset = await askTime(socket, await timeServer(3600))
  expect(Math.abs(offset - 3_600_000)).toBeLessThan(2_000)
})

test('a lost answer is asked for again', async () => {
  const server = await timeServer(10, (answer, n) => (n === 1 ? null : answer))
  expect(Math.abs((await askTime(socket, server)) - 10_000)).toBeLessThan(2_000)
})

test.each([
  ['to another question', (answer: Buffer) => answer.fill(1, 24, 32)],
  ['of a server without time', (answer: Buffer) => answer.fill(0, 1, 2)],
  ['cut short', (answer: Buffer) => answer.subarray(0, 40)],
])('an answer %s is none', async (_name, spoil) => {
  await expect(askTime(socket, await timeServer(10, spoil))).rejects.toThrow('an answer that is none')
})

test('a server that never answers is given up', async () => {
  await expect(askTime(socket, await timeServer(10, () => null))).rejects.toThrow('no answer')
})
