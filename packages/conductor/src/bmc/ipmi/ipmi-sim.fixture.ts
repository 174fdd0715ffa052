import { spawn, execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export type IpmiSim = AsyncDisposable & {
  driverInfo: Record<string, unknown>
  /** What the chassis was told, a line each. */
  orders(): Promise<string[]>
  /** What the chassis has: `power` 0 or 1, `boot`. */
  set(what: 'power' | 'boot', value: string): Promise<void>
  /** Takes orders and does nothing. */
  lie(): Promise<void>
}

/** Whether OpenIPMI's BMC and ipmitool are installed. */
export const hasIpmiSim = (): boolean => {
  try {
    for (const program of ['ipmi_sim', 'ipmitool']) execFileSync('which', [program], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** OpenIPMI's `ipmi_sim`: a BMC that we did not write, its chassis a script and two files. */
export async function startIpmiSim(): Promise<IpmiSim> {
  const dir = await mkdtemp(path.join(tmpdir(), 'ipmi-sim-'))
  const file = (name: string) => path.join(dir, name)
  const port = await freePort()
  await mkdir(file('state'))
  await writeFile(file('power'), '0')
  await writeFile(file('boot'), 'none')
  await writeFile(file('orders'), '')
  await writeFile(file('chassis'), chassis(dir))
  await chmod(file('chassis'), 0o700)
  await writeFile(file('sim.emu'), emulation)
  await writeFile(file('lan.conf'), lanConf(port, file('chassis')))
  const args = ['-c', file('lan.conf'), '-f', file('sim.emu'), '-s', file('state'), '-n']
  const sim = spawn('ipmi_sim', args, { stdio: 'ignore' })
  const driverInfo = { ipmi_address: '127.0.0.1', ipmi_port: port, ipmi_username: 'admin', ipmi_password: 'secret' }
  await answers(driverInfo.ipmi_port, dir)
  return {
    driverInfo,
    orders: async () => (await readFile(file('orders'), 'utf8')).split('\n').filter(Boolean),
    set: (what, value) => writeFile(file(what), value),
    lie: () => writeFile(file('lies'), ''),
    async [Symbol.asyncDispose]() {
      const ended = once(sim, 'exit')
      sim.kill('SIGKILL')
      await ended
      await rm(dir, { recursive: true, force: true })
    },
  }
}

const chassis = (dir: string): string => `#!/bin/sh
cd '${dir}'
verb=$1
shift
if [ "$verb" = get ]; then
  for what in "$@"; do read -r value <"$what"; echo "$what:$value"; done
  exit 0
fi
echo "$*" >>orders
[ -e lies ] && exit 0
while [ $# -gt 0 ]; do
  case $1 in
  power | boot) echo "$2" >"$1" ;;
  shutdown) echo 0 >power ;;
  esac
  shift 2
done
`

const lanConf = (port: number, program: string): string => `name "n0"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${port}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  chassis_control "${program}"
  user 1 true  ""      ""       user  10 none md2 md5 straight
  user 2 true  "admin" "secret" admin 10 none md2 md5 straight
`

const emulation = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02
sel_enable 0x20 1000 0x0a
sensor_add 0x20 0 0 35 0x6f event-only
mc_enable 0x20
`

async function freePort(): Promise<number> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  return port
}

/** Until it answers the first question of every client (IPMI 1.5, Get Channel Authentication Capabilities). */
async function answers(port: number, dir: string): Promise<void> {
  const question = Buffer.from('0600ff07000000000000000000092018c88100388e04b5', 'hex')
  for (let tries = 0; tries < 100; tries += 1) {
    const socket = createSocket('udp4')
    socket.on('error', () => undefined)
    socket.send(question, port, '127.0.0.1')
    const heard = await Promise.race([once(socket, 'message').then(() => true), delay(100, false)])
    socket.close()
    if (heard) return
  }
  throw new Error(`ipmi_sim in ${dir} does not answer`)
}
