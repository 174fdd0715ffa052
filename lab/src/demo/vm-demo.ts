import { openClient } from '@ferrite/cli/client'
import { Fault } from '@ferrite/shared/fault'
import { formatBytes, GiB, MiB } from '@ferrite/shared/units'
import { ramdiskFiles } from '../vm/ramdisk-files.ts'
import type { RamdiskFiles } from '../vm/ramdisk-files.ts'
import { startVmLab } from '../vm/vm-lab.ts'
import type { VmLab } from '../vm/vm-lab.ts'
import type { VmLabMachine } from '../vm/vm-lab-machine.ts'
import { compareDisk } from './compare-disk.ts'
import type { DemoPlace } from './demo.ts'
import { chooseImage } from './image-source.ts'
import type { ChosenImage } from './image-source.ts'
import { doingOf, machineName } from './machine.ts'
import { enrol, instanceInfo, operator } from './operator.ts'
import type { DemoOptions } from './options.ts'
import type { Show } from './show.ts'
import { keepAtPowerOff } from './kept-disk.ts'
import { mibPerSecond, summaryOf, writeMs } from './summary.ts'
import type { Summary } from './summary.ts'
import { bootedSystem } from './vm-boot.ts'

const imageBytes = 64 * MiB

/**
 * The main job with a virtual machine: from a machine without power to the prompt of the deployed system on its own
 * network, by the public API alone. All that it starts is stopped when it returns or throws.
 */
export async function runVmDemo(options: DemoOptions, show: Show, place: DemoPlace): Promise<Summary> {
  const { dir, signal } = place
  const ramdisk = await show.stage('ramdisk', 'kernel, initramfs, boot loaders', () => ramdiskFiles())
  const image = await show.stage('image', sizeOf, () => chooseImage(options, place, imageBytes))
  show.fact('image', image.description)
  await using stack = new AsyncDisposableStack()
  const lab = await show.stage('lab', 'conductor, BMC, networks, image server', async () =>
    stack.use(await demoLab(options, { image, ramdisk, dir })),
  )
  const { url, checksum } = await serve(lab, image)
  const [machine] = lab.machines
  if (!machine) throw new Fault('bug', 'the lab was started without a machine')
  const client = openClient({ url: lab.api.url, signal })
  show.fact('conductor', client.url)
  show.fact('machine', factsOf(machine, lab))
  stack.defer(watch(lab, machine, show))
  using disk = keepAtPowerOff(machine.machine, image.bytes)

  const node = await show.stage(
    'enrol',
    ({ uuid }) => uuid,
    async () => await enrol(client, await lab.enrollment(machine)),
  )
  const act = operator({ client, show, signal, uuid: node.uuid })
  await show.stage('manage', `${machine.kind === 'ipmi' ? 'IPMI' : 'Redfish'} answered`, () =>
    act('manage', 'manageable'),
  )
  await show.stage('provide', 'not needed: its disk is new', async () => {
    await client.patchNode(node.uuid, [{ op: 'add', path: '/automated_clean', value: false }])
    return await act('provide', 'available')
  })
  const speed = () => `${mibPerSecond(image.bytes, writeMs(show.picture))} MiB/s with read-back`
  const active = await show.stage('deploy', speed, async () => {
    await client.patchNode(node.uuid, instanceInfo(image, { image_source: url, ...checksum }))
    return await act('active', 'active', { configdrive: { meta_data: { hostname: machineName } } })
  })
  const booted = await show.stage(
    'boot',
    (found) => found,
    () => bootedSystem(lab, machine, image, signal),
  )
  const comparison = await show.stage(
    'compare',
    ({ comparedBytes }) => `${formatBytes(comparedBytes)} identical`,
    () => compareDisk({ disk: disk.file(), image, show, signal, checksum }),
  )
  const last = { network: networkOf(lab, machine), doing: doingOf(machine) }
  show.picture.machine = () => last
  const told = summaryOf(show.picture, { node: active, image, url, comparison })
  const [network, kept] = [last.network, options.keep ? dir : null]
  return { ...told, machines_as: 'vm', network, booted_from: booted, kept }
}

const sizeOf = ({ bytes }: ChosenImage): string => formatBytes(bytes)

async function demoLab(
  { bmc, firmware, net }: DemoOptions,
  { image, ramdisk, dir }: { image: ChosenImage; ramdisk: RamdiskFiles; dir: string },
): Promise<VmLab> {
  const diskBytes = Math.max(8 * GiB, Math.ceil(image.bytes / GiB + 1) * GiB)
  return await startVmLab({ dir, net, ramdisk, machines: [{ name: machineName, bmc, firmware, diskBytes }] })
}

async function serve(lab: VmLab, image: ChosenImage): Promise<{ url: string; checksum: Record<string, string> }> {
  const { url, checksum } = await image.serve(lab.images)
  return { url: lab.reachable(url), checksum }
}

const networkOf = (lab: VmLab, { machine }: VmLabMachine): string =>
  lab.network.switch.networkOf(machine.macs[0] ?? '') ?? 'none'

const factsOf = ({ machine, kind, ipmi, redfish }: VmLabMachine, lab: VmLab): string => {
  const bmc = ipmi ? `IPMI ${ipmi.address}:${ipmi.port}` : `Redfish ${redfish?.url}`
  const kindOfBoot = kind === 'ipmi' ? 'boots from the network' : 'boots from virtual media'
  return `virtual (QEMU), ${machine.firmware.toUpperCase()}, ${bmc}, ${kindOfBoot}; networks: ${lab.network.kind}`
}

/** Tells what the machine does and where it is, for as long as the demo runs. */
function watch(lab: VmLab, machine: VmLabMachine, show: Show): () => void {
  show.picture.machine = () => ({ network: networkOf(lab, machine), doing: doingOf(machine) })
  let last = ''
  const say = (now: string) => {
    if (now !== last) show.machine(now)
    last = now
  }
  const forget = machine.machine.onChange(() => {
    const { reason, state } = machine.machine
    const now = `${doingOf(machine)}${reason && ` (${reason})`}`
    say(state === 'off' ? now : `${now}, network ${networkOf(lab, machine)}`)
  })
  const forgetMoves = lab.network.switch.onMove((mac) => {
    const network = lab.network.switch.networkOf(mac)
    say(network ? `its port is moved to the network ${network}` : 'its port is taken off the network')
  })
  return () => {
    forget()
    forgetMoves()
  }
}
