import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { startConductor } from './conductor-process.ts'
import { openLoad, type Load } from './load.ts'
import { seed, type Seeded } from './seed.ts'
import { measureAll } from './measures.ts'
import { printTable } from './print-table.ts'

/** How fast the API of one conductor is, with many nodes, asked from another process on loopback. */
export async function apiBench(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      nodes: { type: 'string', default: '10000' },
      seconds: { type: 'string', default: '5' },
      connections: { type: 'string', default: '32' },
      'cpu-prof': { type: 'string' },
      only: { type: 'string', default: '' },
    },
  })
  const directory = await mkdtemp(path.join(tmpdir(), 'ferrite-bench-'))
  try {
    process.stderr.write(`seeding ${values.nodes} nodes …\n`)
    const seeded = await seed(directory, Number(values.nodes))
    await using conductor = await startConductor(directory, values['cpu-prof'])
    await run(seeded, conductor, {
      seconds: Number(values.seconds),
      connections: Number(values.connections),
      only: values.only,
    })
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

type Conductor = Awaited<ReturnType<typeof startConductor>>
type Options = { seconds: number; connections: number; only: string }

async function run(seeded: Seeded, conductor: Conductor, { seconds, connections, only }: Options): Promise<void> {
  await using operator: Load & AsyncDisposable = openLoad(conductor.operatorUrl, connections)
  await using ramdisk: Load & AsyncDisposable = openLoad(conductor.ramdiskUrl, connections)
  const idleMb = await conductor.rssMb()
  const rows = await measureAll({ operator, ramdisk, seeded, conductor, seconds, only })
  printTable(rows, { nodes: seeded.all.length, idleMb })
}
