import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@ferrite/shared/fault'
import type { VmLab } from '../vm/vm-lab.ts'
import type { VmLabMachine } from '../vm/vm-lab-machine.ts'
import type { ChosenImage } from './image-source.ts'

/** A whole distribution takes its time on an emulated processor. */
const promptMs = 480_000
const answerMs = 60_000

/**
 * Waits for the deployed system's prompt on the serial line, and for its answer over the tenant network where the image
 * is one that answers. Fault step_failed when it does not come up.
 */
export async function bootedSystem(
  lab: VmLab,
  machine: VmLabMachine,
  image: ChosenImage,
  signal: AbortSignal,
): Promise<string> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(promptMs)])
  const state = await prompt(machine, limited)
  signal.throwIfAborted()
  const { reason } = machine.machine
  if (state !== 'running') {
    const why = `the machine did not come to a login on its serial line: ${reason || state}`
    throw new Fault('step_failed', `${why}; see ${machine.machine.consoleFile}`)
  }
  if (image.kind !== 'debian') return reason
  const name = await answer(lab, machine, signal)
  const lease = (await lab.network.leases()).findLast(({ mac }) => mac === machine.machine.macs[0])
  return `${reason}; "${name}" answers from ${lease?.address ?? '?'} on the tenant network`
}

async function prompt({ machine }: VmLabMachine, signal: AbortSignal): Promise<string> {
  const over = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  // Firmware may say that one device holds nothing before it comes to the one that does.
  await Promise.race([machine.until('running', 'hung'), over])
  return machine.state
}

async function answer(lab: VmLab, { machine }: VmLabMachine, signal: AbortSignal): Promise<string> {
  const port = await lab.network.forward(machine.macs[0] ?? '', 'tenant', 80)
  const deadline = performance.now() + answerMs
  for (;;) {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(5_000)])
    const response = await fetch(`http://127.0.0.1:${port}/`, { signal: limit }).catch(() => undefined)
    if (response?.ok) return (await response.text()).trim()
    if (performance.now() > deadline) {
      throw new Fault('step_failed', `the deployed system does not answer on the tenant network after ${answerMs} ms`)
    }
    await delay(250, undefined, { signal })
  }
}
