import { explain } from '@ferrite/shared/fault'
import { startLab } from '../lab.ts'
import { whatIsMissing } from '../vm/needs.ts'
import { whyNoRamdisk } from '../vm/ramdisk-files.ts'
import { startVmLab } from '../vm/vm-lab.ts'
import type { VmLab } from '../vm/vm-lab.ts'
import { makeSmallImage } from './build-image.ts'
import { viewOfProcesses, viewOfVms } from './lab-view.ts'
import type { LabView } from './lab-view.ts'
import type { UpOptions } from './options.ts'

/** A lab of either kind, as the commands see it. */
export type RunningLab = AsyncDisposable & {
  view(): Promise<LabView>
  onChange(listener: (line: string) => void): void
}

/**
 * Virtual machines unless the options or this computer say otherwise; `socketDir` is for their sockets. Fault not_found
 * names what is not installed.
 */
export async function runLab(up: UpOptions & { socketDir?: string }, say: (line: string) => void): Promise<RunningLab> {
  if (up.as === 'process') return await processes(up)
  if (up.as === 'vm') return await vms(up, say)
  const missing = whatIsMissing({ firmware: [up.firmware], bmcs: [up.bmc], net: up.net }) ?? (await whyNoRamdisk(say))
  if (missing === undefined) return await vms(up, say)
  say(`Machines are processes here: ${missing}`)
  return await processes(up)
}

async function processes(up: UpOptions): Promise<RunningLab> {
  const { conductor, dir, diskBytes } = up
  const lab = await startLab({
    machines: Array.from({ length: up.machines }, () => ({ diskBytes })),
    ...(conductor ? {} : { conductor: false }),
    ...(dir === undefined ? {} : { dir }),
  })
  return {
    view: async () => viewOfProcesses(lab, conductor),
    onChange(listener) {
      for (const { machine } of lab.machines) machine.onChange(() => listener(line(machine)))
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  }
}

async function vms(up: Parameters<typeof runLab>[0], say: (line: string) => void): Promise<RunningLab> {
  const { conductor, dir, firmware, bmc, net, diskBytes, memoryMib } = up
  const lab = await startVmLab({
    net,
    machines: Array.from({ length: up.machines }, () => ({ firmware, bmc, diskBytes, memoryMib })),
    ...(conductor ? {} : { conductor: false }),
    ...(dir === undefined ? {} : { dir }),
    ...(up.socketDir === undefined ? {} : { socketDir: up.socketDir }),
    onProgress: say,
  })
  const image = await smallImage(lab, say)
  return {
    view: () => viewOfVms(lab, conductor, image),
    onChange(listener) {
      for (const { machine } of lab.machines) machine.onChange(() => listener(line(machine)))
    },
    [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose](),
  }
}

/** Something to deploy, where the packages that it is made of can be had. */
async function smallImage(lab: VmLab, say: (line: string) => void): Promise<LabView['image']> {
  try {
    const { path, description } = await makeSmallImage()
    const { url, sha256 } = await lab.images.add('small.img', { file: path })
    return { url: lab.reachable(url), sha256, description }
  } catch (error) {
    say(`there is no image to deploy: ${explain(error)}`)
    return null
  }
}

const line = ({ name, state, reason }: { name: string; state: string; reason: string }): string =>
  `${name}: ${state}${reason && ` (${reason})`}`
