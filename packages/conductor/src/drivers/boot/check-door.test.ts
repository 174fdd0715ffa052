import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import type { Task } from '../../core/task.ts'
import { doorResult } from './check-door.ts'

const task = { signal: new AbortController().signal } as unknown as Task

async function door(status: number): Promise<string> {
  const server = createServer((_, response) => response.writeHead(status).end())
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/x`
}

test('a door that answers is fine, but on loopback of no use to machines', async () => {
  expect(await doorResult(task, await door(200))).toMatchObject({
    result: 'warning',
    detail: expect.stringContaining('own address for itself') as string,
  })
  expect(await doorResult(task, await door(404), 404)).toMatchObject({ result: 'warning' })
})

test('one that answers otherwise, or not at all on an address of ours, has failed', async () => {
  expect(await doorResult(task, await door(500))).toMatchObject({ result: 'failed' })
  expect(await doorResult(task, 'http://127.0.0.1:9/x')).toMatchObject({ result: 'failed' })
  expect(await doorResult(task, 'http://nowhere.invalid/x')).toMatchObject({ result: 'failed' })
})

test('one on an address that is none of ours cannot be judged from here', async () => {
  // The kernel connects to no broadcast address: nothing leaves this computer.
  expect(await doorResult(task, 'http://255.255.255.255:9/x')).toMatchObject({
    result: 'warning',
    detail: expect.stringContaining('no address of this computer') as string,
  })
})
