import { Fault } from '@ferrite/shared/fault'
import type { FlowStep } from '../core/node.ts'

type Info = Readonly<Record<string, unknown>> | null | undefined

/** Fault invalid when the operator gives arguments that the step does not take, or not those that it needs. */
export function checkArgs(
  kind: string,
  { interface: type, step, args }: FlowStep,
  info: Info | 'unknown' = 'unknown',
): void {
  if (info === 'unknown') return
  const known = info ?? {}
  const given = Object.keys(args ?? {})
  const foreign = given.filter((name) => !Object.hasOwn(known, name))
  if (foreign.length > 0) {
    throw new Fault('invalid', `${kind} step ${type}.${step} has these unexpected arguments: ${foreign.join(', ')}`)
  }
  const missing = Object.entries(known).filter(([name, one]) => isRequired(one) && !given.includes(name))
  if (missing.length > 0) {
    const names = missing.map(([name]) => name).join(', ')
    throw new Fault('invalid', `${kind} step ${type}.${step} is missing these required arguments: ${names}`)
  }
}

const isRequired = (one: unknown): boolean =>
  typeof one === 'object' && one !== null && (one as { required?: unknown }).required === true
