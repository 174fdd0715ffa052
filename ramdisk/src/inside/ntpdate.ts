import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { askTime } from './sntp.ts'

// `ntpdate SERVER`: sets the clock once, and says by how much it was off.
const server = process.argv[2]
if (server === undefined) {
  console.error('usage: ntpdate SERVER')
  process.exit(2)
}
try {
  const { address, family } = await lookup(server)
  const offsetMs = await askTime(() => createSocket(family === 6 ? 'udp6' : 'udp4'), {
    address,
    port: 123,
    attempts: 4,
  })
  const seconds = ((Date.now() + offsetMs) / 1000).toFixed(0)
  const { status, stderr } = spawnSync('date', ['-u', '-s', `@${seconds}`], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the clock cannot be set: ${stderr.trim()}`)
  console.log(`${server} (${address}): offset ${(offsetMs / 1000).toFixed(3)} s`)
} catch (error) {
  console.error(`ntpdate: ${server}: ${error instanceof Error ? error.message : String(error)}`)
  process.exitCode = 1
}
