import { openClient } from '@ferrite/cli/client'
import { Fault } from '@ferrite/shared/fault'
import { formatBytes } from '@ferrite/shared/units'
import { compareDisk } from './compare-disk.ts'
import type { Comparison } from './compare.ts'
import { chooseImage, type ChosenImage, type ImagePlace } from './image-source.ts'
import { bootedFrom, doingOf, machineName, networkOf, startDemoLab } from './machine.ts'
import { enrol, enrolmentOf, instanceInfo, operator } from './operator.ts'
import type { DemoOptions } from './options.ts'
import type { Show } from './show.ts'
import { mibPerSecond, summaryOf, writeMs, type Summary } from './summary.ts'

export type DemoPlace = ImagePlace

/**
 * The main job against a lab of its own, by the public API alone: enrol, manage, provide, deploy, compare. All that it
 * starts is stopped when it returns or throws.
 */
export async function runDemo(options: DemoOptions, show: Show, place: DemoPlace): Promise<Summary> {
  const { dir, signal } = place
  const image = await show.stage('image', sizeOf, () => chooseImage(options, place))
  show.fact('image', image.description)
  await using stack = new AsyncDisposableStack()
  const { lab, served } = await show.stage('lab', 'conductor, BMC, switch, image server', async () => {
    const lab = stack.use(await startDemoLab(image.bytes, dir))
    return { lab, served: await image.serve(lab.images) }
  })
  const [machine] = lab.machines
  if (!machine) throw new Fault('bug', 'the lab was started without a machine')
  const client = openClient({ url: lab.api.url, signal })
  show.fact('conductor', client.url)
  show.picture.machine = () => ({ network: networkOf(lab, machine), doing: doingOf(machine) })
  signal.throwIfAborted()

  const node = await show.stage(
    'enrol',
    ({ uuid }) => uuid,
    () => enrol(client, enrolmentOf(lab, machine)),
  )
  const act = operator({ client, show, signal, uuid: node.uuid })
  await show.stage('manage', 'Redfish answered', () => act('manage', 'manageable'))
  await show.stage('provide', 'by the agent, old tables erased', () => act('provide', 'available'))
  const speed = () => `${mibPerSecond(image.bytes, writeMs(show.picture))} MiB/s with read-back`
  const active = await show.stage('deploy', speed, async () => {
    await client.patchNode(node.uuid, instanceInfo(image, { image_source: served.url, ...served.checksum }))
    return await act('active', 'active', { configdrive: { meta_data: { hostname: machineName } } })
  })
  const comparison = await show.stage('compare', identical, () =>
    compareDisk({ disk: machine.machine.disk.path, image, show, signal, checksum: served.checksum }),
  )
  const kept = options.keep ? dir : null
  const network = networkOf(lab, machine)
  const booted_from = await bootedFrom(machine, signal)
  const last = { network, doing: doingOf(machine) }
  show.picture.machine = () => last
  return {
    ...summaryOf(show.picture, { node: active, image, url: served.url, comparison }),
    machines_as: 'process',
    network,
    booted_from,
    kept,
  }
}

const sizeOf = ({ bytes }: ChosenImage): string => formatBytes(bytes)
const identical = ({ comparedBytes }: Comparison): string => `${formatBytes(comparedBytes)} identical`
