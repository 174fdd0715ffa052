import { explain, Fault } from '@ferrite/shared/fault'
import { timestamp } from '../core/clock.ts'
import type { CheckResult, Interface, Interfaces, SensorReading } from '../core/interfaces.ts'
import type { Machine, NodeCheck } from '../core/services.ts'
import type { Task } from '../core/task.ts'
import { lookAt } from './read-task.ts'
import { withNode, type WithNodeParts } from './with-node.ts'

/** Tries all that a boot and a deploy will need, before power is touched. A failed row is an answer, not an error. */
export const createNodeCheck =
  (parts: WithNodeParts): NodeCheck =>
  async (ident) => {
    const node = await parts.store.node(ident)
    if (!node) throw new Fault('not_found', `Node ${ident} could not be found.`)
    return withNode(parts, node.uuid, 'checking it', async (task) => {
      const results = await checkAll(task)
      const check = { at: timestamp(task.clock.now()), results }
      await task.save({ internal: { check } })
      return { ...check, good: results.every(({ result }) => result !== 'failed') }
    })
  }

/** In the order in which a boot needs them. */
const order = ['power', 'management', 'network', 'boot', 'deploy'] as const satisfies (keyof Interfaces)[]

async function checkAll(task: Task): Promise<CheckResult[]> {
  const results: CheckResult[] = []
  for (const type of order) results.push(...(await checkOne(task, type, task.interfaces[type])))
  return results
}

/** What it needs must be declared before it can be tried. */
async function checkOne(task: Task, type: string, one: Interface): Promise<CheckResult[]> {
  const failed = (error: unknown): CheckResult[] => {
    task.signal.throwIfAborted()
    return [{ name: type, result: 'failed', detail: explain(error) }]
  }
  try {
    await one.validate(task)
  } catch (error) {
    // An image is declared with the order to deploy it, and may well be missing before.
    const undeclared = type === 'deploy' && task.node.instance_info['image_source'] === undefined
    return undeclared
      ? [{ name: 'image', result: 'skipped', detail: 'instance_info names no image yet' }]
      : failed(error)
  }
  try {
    return (
      (await one.check?.(task)) ?? [{ name: type, result: 'ok', detail: `${one.name}: all that it needs is declared` }]
    )
  } catch (error) {
    return failed(error)
  }
}

/** What a BMC tells and does beside power and boot device. Fault unsupported where its driver cannot. */
export const createMachine = (parts: WithNodeParts): Machine => ({
  sensors: (ident) =>
    lookAt(parts, ident, async (task): Promise<SensorReading[]> => {
      const { management } = task.interfaces
      if (!management.readSensors) throw new Fault('unsupported', `${management.name} reads no sensors`)
      return management.readSensors(task)
    }),
  identify: (ident, seconds) =>
    lookAt(parts, ident, async (task) => {
      const { management } = task.interfaces
      if (!management.identify) throw new Fault('unsupported', `${management.name} cannot light a lamp`)
      await management.identify(task, seconds)
    }),
})
