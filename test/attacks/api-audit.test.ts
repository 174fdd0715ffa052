import { readFile, stat, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { auditFile, openAuditLog, verifyAuditLog } from '@ferrite/conductor/api/audit-log'
import { canary, startWorld } from './roles-world.ts'

type Line = Record<string, unknown>
const linesOf = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line)

test('each changing call leaves one line, allowed or not: who, from where, on what, how it ended; no secret', async () => {
  await using world = await startWorld()
  const file = auditFile(world.api.config.state_dir)
  const { own, leased } = world.ids
  await world.as('owner admin')('PATCH', `/v1/nodes/${own}`, [
    { op: 'add', path: '/driver_info/redfish_password', value: canary },
  ])
  await world.as('lessee reader')('PUT', `/v1/nodes/${leased}/states/power`, { target: 'power on' })
  await world.as('stranger admin')('DELETE', `/v1/nodes/${own}`)
  await world.as('owner admin')('POST', '/v1/nodes', { driver: 'nonsense' })
  await world.as('owner admin')('GET', `/v1/nodes/${own}`)
  await expect.poll(async () => (await linesOf(file)).length).toBe(4)
  const lines = await linesOf(file)
  expect(lines.map(({ verb, role, project, status, subject }) => [verb, role, project, status, subject])).toEqual([
    ['node.update', 'admin', 'project-owner', 200, own],
    ['node.power', 'reader', 'project-lessee', 403, leased],
    ['node.delete', 'admin', 'project-stranger', 404, own],
    ['node.create', 'admin', 'project-owner', 400, null],
  ])
  expect(lines[1]).toMatchObject({
    before: 'active, power off',
    after: 'active, power off',
    source: '127.0.0.1',
    seq: 2,
  })
  expect(await readFile(file, 'utf8')).not.toContain(canary)
  expect((await stat(file)).mode & 0o777).toBe(0o640)
  expect(await verifyAuditLog(file)).toEqual({ lines: 4, broken: undefined })
})

test('a call without a credential is a line too', async () => {
  await using world = await startWorld()
  await world.api.ask('POST', '/v1/nodes', { driver: 'fake-hardware' })
  const file = auditFile(world.api.config.state_dir)
  await expect
    .poll(async () => (await linesOf(file)).map(({ verb, status, user }) => [verb, status, user]))
    .toEqual([['node.create', 401, null]])
})

test('a changed, taken out or moved line breaks the chain; one that a crash cut off does not', async () => {
  await using world = await startWorld()
  const directory = world.api.config.state_dir
  const file = auditFile(directory)
  await using _closing = { [Symbol.asyncDispose]: async () => {} }
  for (let round = 0; round < 3; round += 1) {
    const log = openAuditLog(directory)
    log.append({ verb: `deed-${round}` })
    log.append({ verb: 'other' })
    log.close()
  }
  expect(await verifyAuditLog(file)).toMatchObject({ lines: 6, broken: undefined })
  const text = await readFile(file, 'utf8')
  const lines = text.trim().split('\n')
  const with_ = async (changed: readonly string[]) => {
    await writeFile(file, `${changed.join('\n')}\n`)
    return (await verifyAuditLog(file)).broken?.line
  }
  expect(await with_(lines.map((line) => line.replace('deed-1', 'deed-9')))).toBe(4)
  expect(await with_(lines.toSpliced(2, 1))).toBe(3)
  expect(await with_([lines[1]!, lines[0]!, ...lines.slice(2)])).toBe(1)
  await writeFile(file, `${text}{"seq":7,"verb":"cut`)
  const log = openAuditLog(directory)
  log.append({ verb: 'after the crash' })
  log.close()
  expect(await verifyAuditLog(file)).toMatchObject({ lines: 7, broken: undefined })
})
