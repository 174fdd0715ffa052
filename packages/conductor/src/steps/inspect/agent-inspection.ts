import { Fault } from '@ferrite/shared/fault'
import type { Findings, InspectionSettings } from '../../core/findings.ts'
import type { Step } from '../../core/step.ts'
import type { Task } from '../../core/task.ts'
import { ensurePower } from '../power.ts'
import { bootRamdisk, forgetAgent } from '../ramdisk.ts'
import type { StepSettings } from '../settings.ts'
import { hooks } from './hooks/table.ts'
import { changesIn, draftOf, type Inspection } from './inspection.ts'
import { applyRules } from './rules/apply-rules.ts'

export type AgentInspection = { steps: StepSettings; inspection: InspectionSettings; findings: Findings }

const internal = { interface: 'management', priority: 0, internal: true } as const

/** Boots the ramdisk with the address to which it is to send what it finds. */
export const bootInspection = ({ steps, inspection: { collectors } }: AgentInspection): Step => ({
  ...internal,
  step: 'boot_inspection',
  boots_ramdisk: true,
  run: (task) =>
    bootRamdisk(task, 'inspection', steps, {
      wait_for_agent: 'inspection',
      params: {
        'ipa-inspection-callback-url': `${steps.ramdiskUrl()}/v1/continue_inspection`,
        ...(collectors.length > 0 ? { 'ipa-inspection-collectors': collectors.join(',') } : {}),
      },
    }),
})

/** Works through the data that the ramdisk sent: hooks and rules before it is kept, then those that change the node. */
export const processInspection = (parts: AgentInspection): Step => ({
  ...internal,
  step: 'process_inspection',
  async run(task) {
    const found = await task.details.inventory(task.node.uuid)
    if (!found) throw new Fault('bug', 'the data of the inspection is gone')
    const inspection: Inspection = {
      task,
      findings: parts.findings,
      settings: parts.inspection,
      draft: draftOf(task.node),
      inventory: found.inventory,
      plugin: found.plugin_data,
    }
    for (const name of parts.inspection.hooks) hooks[name].preprocess?.(inspection)
    await applyRules(inspection, 'preprocess')
    for (const name of parts.inspection.hooks) await hooks[name].run?.(inspection)
    await applyRules(inspection, 'main')
    await keep(task, inspection)
    return { done: true }
  },
})

async function keep(task: Task, { inventory, plugin, draft }: Inspection): Promise<void> {
  await task.effect('keep the inventory', () =>
    task.details.setInventory(task.node.uuid, { inventory, plugin_data: plugin }),
  )
  await task.save(changesIn(task.node, draft))
}

/** Off, off the inspection's network, without boot media. */
export const tearDownInspection = ({ inspection }: AgentInspection): Step => ({
  ...internal,
  step: 'tear_down_inspection',
  async run(task) {
    if (inspection.powerOff && !task.node.disable_power_off) await ensurePower(task, 'power off')
    await forgetAgent(task)
    await task.effect('take the machine off the inspection network', () => task.interfaces.network.detach(task))
    await task.effect('clean up the ramdisk’s boot', () => task.interfaces.boot.cleanUpRamdisk(task))
    return { done: true }
  },
})
