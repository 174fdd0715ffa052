import { interfaceTypes, type InterfaceType } from '@ferrite/shared/contracts/nodes'
import { explain, Fault } from '@ferrite/shared/fault'
import type { Interface, Interfaces } from '../core/interfaces.ts'
import type { NodeRecord } from '../core/node.ts'
import type { Validation, Validator } from '../core/services.ts'
import type { Task } from '../core/task.ts'
import type { TaskParts } from '../work/task.ts'
import { lookAt, readTask } from './read-task.ts'

type Parts = TaskParts & { stopped: AbortSignal }
const limitMs = 60_000

/** One row an interface: true, false with the reason, or null where the hardware has no such thing. */
export const createValidator = (parts: Parts): Validator => ({
  validate: (ident) =>
    lookAt(parts, ident, async (task) => {
      const rows = await Promise.all(interfaceTypes.map(async (type) => [type, await row(task, type)] as const))
      return Object.fromEntries(rows) as Validation
    }),
})

async function row(task: Task, type: InterfaceType): Promise<Validation[InterfaceType]> {
  const named = task.node[`${type}_interface`]
  if (named?.startsWith('no-')) return { result: null, reason: 'not supported' }
  const one: Interface | undefined = task.interfaces[type as keyof Interfaces]
  if (!one) return named === 'fake' ? { result: true } : { result: null, reason: 'not supported' }
  try {
    await one.validate(task)
    return { result: true }
  } catch (error) {
    return { result: false, reason: explain(error) }
  }
}

/** Checks these interfaces of a node before a verb. Fault with the code of the cause and Ironic's text around it. */
export async function validateFor(parts: Parts, node: NodeRecord, types: readonly (keyof Interfaces)[]): Promise<void> {
  const signal = AbortSignal.any([parts.stopped, AbortSignal.timeout(limitMs)])
  await using task = await readTask(parts, node, signal)
  for (const type of types) {
    try {
      await task.interfaces[type]?.validate(task)
    } catch (error) {
      const code = error instanceof Fault && error.status < 500 ? error.code : 'invalid'
      const what = types.includes('deploy') ? 'deploy or power' : type
      throw new Fault(code, `Failed to validate ${what} info for node ${node.uuid}: ${explain(error)}`)
    }
  }
}
