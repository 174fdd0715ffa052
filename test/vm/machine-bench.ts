import { readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { inject, onTestFinished } from 'vitest'
import type { ApiNode } from '@ferrite/lab/lab-client'
import type { LabImage } from '@ferrite/lab/images'
import { startVmLab } from '@ferrite/lab/vm/vm-lab'
import type { VmLab, VmLabOptions } from '@ferrite/lab/vm/vm-lab'
import type { VmLabMachine } from '@ferrite/lab/vm/vm-lab-machine'

const given = inject('machines')
/** What is not installed for machines, with the command that helps; undefined where all is there. */
export const missing = given.missing

/** The image that `machineBench` serves, as a file. */
export const imageFile = given.missing === undefined ? given.image : ''

export type MachineBench = { lab: VmLab; image: LabImage }

/** A lab of virtual machines; a failed test prints what conductor and machines said last. */
export async function machineBench(options: VmLabOptions): Promise<MachineBench> {
  if (given.missing !== undefined) throw new Error(given.missing)
  const lab = await startVmLab({ ...options, ramdisk: given.ramdisk })
  onTestFinished(async ({ task }) => {
    // The lab takes its files with it.
    const files = [lab.conductor.logFile, ...lab.machines.map(({ machine }) => machine.consoleFile)]
    const told = task.result?.state === 'fail' ? files : []
    for (const file of told) console.log(file, (await readFile(file, 'utf8').catch(() => '')).slice(-4_000))
    await lab[Symbol.asyncDispose]()
  }, 60_000)
  const image = lab.forMachines(await lab.images.add('small.img', { file: given.image }))
  return { lab, image }
}

/** Enrols a machine and makes it available, without booting it for cleaning. */
export async function enrolled({ lab }: MachineBench, machine: VmLabMachine): Promise<ApiNode> {
  const node = await lab.api.create(await lab.enrollment(machine))
  return await lab.api.makeAvailable(node.uuid)
}

/** Deploys with a host name of its own and waits until the conductor has finished, well or not. */
export async function deployed({ lab, image }: MachineBench, uuid: string, hostname: string): Promise<ApiNode> {
  await lab.api.deploy(uuid, image, { configdrive: { meta_data: { hostname } } })
  return await ended(lab, uuid)
}

/** Waits for the end of a deploy. */
export const ended = (lab: VmLab, uuid: string): Promise<ApiNode> =>
  lab.api.when(
    uuid,
    (node) => ['active', 'deploy failed'].includes(node.provision_state) && node.reservation === null,
    'the end of its deploy',
    400_000,
  )

/** What the deployed system itself answers over the tenant network: its host name. */
export async function askTenant(lab: VmLab, { machine }: VmLabMachine, limitMs = 60_000): Promise<string> {
  const port = await lab.network.forward(machine.macs[0] ?? '', 'tenant', 80)
  const deadline = performance.now() + limitMs
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    )
    if (answer?.ok) return (await answer.text()).trim()
    if (performance.now() > deadline) throw new Error(`${machine.name} does not answer on the tenant network`)
    await delay(500)
  }
}
