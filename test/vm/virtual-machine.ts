import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, readFile } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd'
const variables = '/usr/share/OVMF/OVMF_VARS_4M.fd'

/** Whether this host can run the machines of these tests. */
export const hasQemu =
  existsSync('/usr/bin/qemu-system-x86_64') && existsSync(firmware) && existsSync('/usr/bin/apt-get')

export const mac = '52:54:00:f3:00:01'

export type VirtualMachine = AsyncDisposable & {
  /** What its serial line said so far. */
  serial(): Promise<string>
  /** Waits until the serial line has said this. */
  says(text: string | RegExp, timeoutMs: number): Promise<void>
  /** Waits until it turned itself off. */
  off(timeoutMs: number): Promise<void>
}

export type MachineOptions = {
  directory: string
  name: string
  uefi?: boolean
  disk: string
  /** What it boots: files given to it directly, an ISO in its CD drive or as its stick, or its disk. */
  boot: { kernel: string; ramdisk: string; args: string } | { cd: string } | { stick: string } | { disk: true }
  /** The agent's port on 127.0.0.1. */
  agentPort?: number
}

/** Powers a machine on. KVM is not used, so that it runs the same everywhere. Its host's loopback is 10.0.2.2 to it. */
export async function powerOn(options: MachineOptions): Promise<VirtualMachine> {
  const serialFile = path.join(options.directory, `${options.name}.serial`)
  const args = [...machineArgs(options, serialFile), ...(await firmwareArgs(options)), ...bootArgs(options)]
  const child = spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  const ended = once(child, 'exit')
  const serial = () => readFile(serialFile, 'latin1').catch(() => '')
  const within = async (what: string, timeoutMs: number, isSo: () => Promise<boolean>) => {
    const deadline = performance.now() + timeoutMs
    while (!(await isSo())) {
      const told = async () => `${what}; its serial line ends with:\n${(await serial()).slice(-3000)}`
      if (performance.now() > deadline)
        throw new Error(`${options.name}: not within ${timeoutMs / 1000} s: ${await told()}`)
      await delay(200)
    }
  }
  return {
    serial,
    says: (text, timeoutMs) => within(String(text), timeoutMs, async () => new RegExp(text).test(await serial())),
    off: (timeoutMs) => within('off', timeoutMs, async () => child.exitCode !== null || child.signalCode !== null),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

const machineArgs = ({ disk, agentPort }: MachineOptions, serialFile: string): string[] => [
  ...['-machine', 'pc,graphics=off', '-accel', 'tcg,thread=multi', '-cpu', 'Nehalem', '-m', '768', '-vga', 'none'],
  ...['-display', 'none', '-no-user-config', '-nodefaults', '-no-reboot', '-device', 'virtio-rng-pci'],
  ...['-chardev', `file,id=serial,path=${serialFile}`, '-serial', 'chardev:serial'],
  ...['-netdev', `user,id=net${agentPort === undefined ? '' : `,hostfwd=tcp:127.0.0.1:${agentPort}-:9999`}`],
  ...['-device', `virtio-net-pci,netdev=net,mac=${mac},romfile=`],
  ...['-drive', `if=none,id=disk,file=${disk},format=raw,cache=unsafe`],
  ...['-device', 'virtio-blk-pci,drive=disk,serial=disk-0'],
]

async function firmwareArgs({ uefi, directory, name }: MachineOptions): Promise<string[]> {
  if (uefi !== true) return []
  const own = path.join(directory, `${name}.vars`)
  await copyFile(variables, own)
  const flash = (unit: number, rest: string) => ['-drive', `if=pflash,format=raw,unit=${unit},${rest}`]
  return [...flash(0, `readonly=on,file=${firmware}`), ...flash(1, `file=${own}`)]
}

function bootArgs({ boot }: MachineOptions): string[] {
  if ('kernel' in boot) return ['-kernel', boot.kernel, '-initrd', boot.ramdisk, '-append', boot.args]
  if ('disk' in boot) return []
  if ('stick' in boot) {
    const drive = `if=none,id=stick,format=raw,snapshot=on,file=${boot.stick}`
    return ['-drive', drive, '-device', 'virtio-blk-pci,drive=stick,bootindex=1']
  }
  const drive = `if=none,id=cd,media=cdrom,readonly=on,format=raw,file=${boot.cd}`
  return ['-device', 'virtio-scsi-pci', '-drive', drive, '-device', 'scsi-cd,drive=cd,bootindex=1']
}
