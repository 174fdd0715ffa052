import { randomUUID } from 'node:crypto'
import type { ConductorProcess } from './conductor-process.ts'
import type { Ask, Load, Rate } from './load.ts'
import type { Seeded } from './seed.ts'

export type Row = { what: string; rate: Rate; cpuMsEach: number; rssMb: number; goal: string; reference: string }
type Bench = {
  operator: Load
  ramdisk: Load
  seeded: Seeded
  conductor: ConductorProcess
  seconds: number
  only: string
}

/** Every measurement, one after the other, with the conductor's memory after each. */
export async function measureAll(bench: Bench): Promise<Row[]> {
  const { operator, ramdisk, seeded, conductor, seconds } = bench
  const { all, beating, lookingUp } = seeded
  const rows: Row[] = []
  const add = async (what: string, goal: string, reference: string, work: () => Promise<Rate>): Promise<void> => {
    if (!what.includes(bench.only)) return
    process.stderr.write(`${what} …\n`)
    const before = await conductor.cpuMs()
    const rate = await work()
    const cpuMsEach = ((await conductor.cpuMs()) - before) / rate.done
    rows.push({ what, goal, reference, rate, cpuMsEach, rssMb: await conductor.rssMb() })
  }
  const beat = (index: number): Ask => heartbeat(beating[index % beating.length] ?? { uuid: '', token: '' })
  // The first of each node is stored as a fact of its own; all others only say that the agent lives.
  await add('first heartbeats', '', '', () => ramdisk.run(beat, { count: beating.length, seconds: 60 }))
  await add('heartbeats', '2000/s', '121/s', () => ramdisk.run(beat, { seconds }))
  await add('lookups, token given', '500/s', '32/s', () =>
    ramdisk.run((index) => ({ path: `/v1/lookup?addresses=${lookingUp[index]}` }), {
      count: lookingUp.length,
      seconds,
    }),
  )
  await add('enrolments (node, port)', '500/s', '21/s', () => operator.run(enrolment, { seconds }))
  await add('GET node', '', '', () =>
    operator.run((index) => ({ path: `/v1/nodes/${all[index % all.length]}` }), { seconds }),
  )
  await add('GET nodes, 1000', '', '', () => many(operator, '/v1/nodes?limit=1000', 20))
  await add('GET nodes/detail, 1000', '200 ms', '', () => many(operator, '/v1/nodes/detail?limit=1000', 20))
  await add('all nodes, detail, by pages', '', '', () => everything(operator))
  return rows
}

const heartbeat = ({ uuid, token }: { uuid: string; token: string }): Ask => ({
  method: 'POST',
  path: `/v1/heartbeat/${uuid}`,
  body: { callback_url: 'http://127.0.0.1:9999', agent_token: token, agent_version: '11.6.0' },
})

function enrolment(index: number): readonly Ask[] {
  const uuid = randomUUID()
  const address = `52:55:${[index >> 24, index >> 16, index >> 8, index].map((part) => (part & 255).toString(16).padStart(2, '0')).join(':')}`
  const driver_info = { redfish_address: 'https://10.9.9.9', redfish_username: 'admin', redfish_password: 'secret' }
  return [
    { method: 'POST', path: '/v1/nodes', body: { uuid, driver: 'redfish', driver_info, resource_class: 'baremetal' } },
    { method: 'POST', path: '/v1/ports', body: { node_uuid: uuid, address } },
  ]
}

/** The same request alone, again and again: its own time, not that of a queue. */
async function many(load: Load, path: string, times: number): Promise<Rate> {
  const taken: number[] = []
  const bad: string[] = []
  for (let turn = 0; turn < times; turn += 1) {
    const { ms, status, text } = await load.one({ path })
    taken.push(ms)
    if (status !== 200) bad.push(`${status} ${text.slice(0, 200)}`)
  }
  const sorted = taken.toSorted((a, b) => a - b)
  const sum = taken.reduce((total, ms) => total + ms, 0)
  return {
    done: times,
    perSecond: (times * 1000) / sum,
    p50Ms: sorted[Math.floor(times / 2)] ?? Number.NaN,
    p99Ms: sorted.at(-1) ?? Number.NaN,
    failed: bad.length,
    reason: bad[0],
  }
}

async function everything(load: Load): Promise<Rate> {
  const started = performance.now()
  let path: string | undefined = '/v1/nodes/detail?limit=1000'
  const taken: number[] = []
  while (path !== undefined) {
    const { ms, text } = await load.one({ path })
    taken.push(ms)
    const { next } = JSON.parse(text) as { next?: string }
    path = next === undefined ? undefined : new URL(next).pathname + new URL(next).search
  }
  const ms = performance.now() - started
  return { done: 1, perSecond: 1000 / ms, p50Ms: ms, p99Ms: Math.max(...taken), failed: 0, reason: undefined }
}
