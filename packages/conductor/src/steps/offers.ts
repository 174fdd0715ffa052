import type { Interfaces, StepKind } from '../core/interfaces.ts'
import type { FlowStep } from '../core/node.ts'
import type { Step } from '../core/step.ts'
import type { Task } from '../core/task.ts'
import { isReserved } from './reserved.ts'

type Named = Pick<FlowStep, 'interface' | 'step'>
const isSame = (a: Named, b: Named): boolean => a.interface === b.interface && a.step === b.step

/** Steps that the drivers of this node do by themselves, without an agent, when they are asked for. */
export const offersOf = ({ interfaces }: Pick<Task, 'interfaces'>, kind: StepKind): Step[] =>
  Object.values(interfaces as Partial<Interfaces>).flatMap((one) => one?.steps?.[kind] ?? [])

/** The step that an operator ordered, when the conductor itself can do it: one of the drivers' or a reserved one. */
export function ours(task: Pick<Task, 'interfaces'>, kind: StepKind, asked: FlowStep): FlowStep | undefined {
  const known = isReserved(asked) || offersOf(task, kind).some((step) => isSame(step, asked))
  return known ? { ...asked, in_band: false } : undefined
}
