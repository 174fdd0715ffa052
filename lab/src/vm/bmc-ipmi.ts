import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@ferrite/shared/fault'
import { diesWithUs } from './child.ts'
import { startProgram } from './program.ts'

export type IpmiBmc = AsyncDisposable & {
  readonly address: string
  readonly port: number
  readonly account: { username: string; password: string }
  /** Keeps silent, as a BMC that hangs; false: speaks again. */
  hang(isHanging: boolean): void
}

/** A BMC that speaks IPMI over LAN (RMCP+): OpenIPMI's `ipmi_sim`, which asks `program` about the chassis. */
export async function openIpmiBmc(
  machine: { name: string },
  parts: { program: string; dir: string },
): Promise<IpmiBmc> {
  const { name } = machine
  const account = { username: 'admin', password: 'secret' }
  const port = await freeUdpPort()
  const state = path.join(parts.dir, `${name}.ipmi`)
  await mkdir(state, { recursive: true })
  const file = (suffix: string) => path.join(state, suffix)
  await writeFile(file('lan.conf'), lanConf({ name, port, control: `${parts.program} ${name}`, ...account }), {
    mode: 0o600,
  })
  await writeFile(file('sim.emu'), emulation)
  const args = ['-c', file('lan.conf'), '-f', file('sim.emu'), '-s', state, '-n']
  const logFile = path.join(parts.dir, `${name}.ipmi.log`)
  const sim = startProgram([...diesWithUs, 'ipmi_sim', ...args], logFile)
  const stopped = await Promise.race([sim.ended, answers(port)])
  if (stopped !== true) {
    await sim.kill()
    throw new Fault('step_failed', `ipmi_sim for ${name} did not start: ${stopped}; see ${logFile}`)
  }
  return {
    address: '127.0.0.1',
    port,
    account,
    hang: (isHanging) => void (sim.pid && process.kill(sim.pid, isHanging ? 'SIGSTOP' : 'SIGCONT')),
    [Symbol.asyncDispose]: () => sim.kill(),
  }
}

const lanConf = (facts: { name: string; port: number; control: string; username: string; password: string }): string =>
  `name "${facts.name}"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${facts.port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid ${createHash('md5').update(facts.name).digest('hex')}
  endlan
  chassis_control "${facts.control}"
  user 1 true  ""      ""       user  10 none md2 md5 straight
  user 2 true  "${facts.username}" "${facts.password}" admin 10 none md2 md5 straight
`

const emulation = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
sensor_add 0x20 0 0 35 0x6f event-only
mc_enable 0x20
`

/** IPMI 1.5: Get Channel Authentication Capabilities, which anybody may ask. */
const question = Buffer.from('0600ff07000000000000000000092018c88100388e04b5', 'hex')

async function answers(port: number, limitMs = 10_000): Promise<true | string> {
  const socket = createSocket('udp4')
  let isAnswered = false
  socket.on('message', () => (isAnswered = true))
  socket.on('error', () => {})
  const deadline = performance.now() + limitMs
  try {
    while (performance.now() < deadline) {
      socket.send(question, port, '127.0.0.1')
      await delay(50)
      if (isAnswered) return true
    }
    return `no answer within ${limitMs} ms`
  } finally {
    socket.close()
  }
}

async function freeUdpPort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const closed = once(socket, 'close')
  socket.close()
  await closed
  return port
}
