type Bench = { name: string; summary: string; run: (args: readonly string[]) => Promise<void> }

/** Every benchmark, by the name it is started with. */
const benches: readonly Bench[] = [
  {
    name: 'api',
    summary: 'heartbeats, lookups, enrolments, reads and lists of a conductor with 10,000 nodes',
    run: async (args) => (await import('./api/api.ts')).apiBench(args),
  },
  {
    name: 'image-write',
    summary: 'our write against curl|tee|dd, an IPA-like loop, and each stage alone',
    run: async (args) => (await import('./image-write/image-write.ts')).imageWrite(args),
  },
  {
    name: 'ramdisk',
    summary: 'size and time of a build, and from power-on to the first heartbeat',
    run: async () => (await import('./ramdisk.ts')).ramdisk(),
  },
]

const [name, ...args] = process.argv.slice(2).filter((word) => word !== '--')
const chosen = benches.find((bench) => bench.name === name)
if (chosen) {
  await chosen.run(args)
} else {
  const list = benches.map((bench) => `  ${bench.name.padEnd(14)} ${bench.summary}`).join('\n')
  process.stderr.write(`usage: pnpm bench NAME [options]\n\n${list}\n`)
  process.exitCode = 2
}
