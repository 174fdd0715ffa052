import { Fault } from '@ferrite/shared/fault'
import { diesWithUs } from './child.ts'
import { openQmp } from './qmp.ts'
import { startProgram } from './program.ts'
import { qemuProgram } from './qemu-args.ts'

/** Joins a network of the switch with this computer's loopback, without any privilege: TCP both ways, by QEMU's own stack. */
export type Uplink = AsyncDisposable & {
  /** From 127.0.0.1:PORT of this computer to a machine. */
  forward(port: number, address: string, toPort: number): Promise<void>
  /** Rejects when it ends by itself. */
  readonly pid: number | undefined
}

export type UplinkOptions = {
  name: string
  /** Unix socket of the switch's port. */
  port: string
  /** As 10.66.0.0/24 and 10.66.0.2: this computer's loopback is behind that address. */
  net: string
  host: string
  /** No way out, only the forwards in. */
  isClosed: boolean
  tftpRoot?: string | undefined
  socketDir: string
  logFile: string
}

export async function openUplink(options: UplinkOptions): Promise<Uplink> {
  const qmp = await openQmp(`${options.socketDir}/${options.name}.uplink`)
  // With its IPv6 on it sends router advertisements; without them iPXE waits for one in vain.
  const user = [
    `user,id=u,net=${options.net},host=${options.host},dhcpstart=${options.net.replace(/\.0\/.*/, '.250')}`,
    ...(options.isClosed ? ['restrict=on'] : []),
    ...(options.tftpRoot ? [`tftp=${options.tftpRoot}`] : []),
  ].join(',')
  const args = [
    ...['-name', `uplink-${options.name}`, '-M', 'none', '-nodefaults', '-display', 'none'],
    ...['-chardev', `socket,id=qmp,path=${qmp.path},server=off`, '-mon', 'chardev=qmp,mode=control'],
    ...['-netdev', user, '-netdev', `stream,id=s,server=off,addr.type=unix,addr.path=${options.port}`],
    ...['-netdev', 'hubport,hubid=0,id=a,netdev=u', '-netdev', 'hubport,hubid=0,id=b,netdev=s'],
  ]
  const process = startProgram([...diesWithUs, qemuProgram, ...args], options.logFile)
  void process.ended.then(() => qmp[Symbol.asyncDispose]())
  const version = qmp.execute('query-version')
  try {
    await version
  } catch (cause) {
    await process.kill()
    throw new Fault('step_failed', `the uplink of network ${options.name} did not start: ${await process.ended}`, {
      cause,
    })
  }
  return {
    pid: process.pid,
    async forward(port, address, toPort) {
      const said = await qmp.execute('human-monitor-command', {
        'command-line': `hostfwd_add u tcp:127.0.0.1:${port}-${address}:${toPort}`,
      })
      if (typeof said === 'string' && said !== '')
        throw new Fault('step_failed', `no way from port ${port} to ${address}:${toPort}: ${said.trim()}`)
    },
    async [Symbol.asyncDispose]() {
      await process.kill()
      await qmp[Symbol.asyncDispose]()
    },
  }
}
