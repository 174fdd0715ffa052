import { isDeepStrictEqual } from 'node:util'
import type { SentNode } from '@ferrite/shared/contracts/agent-commands'
import type { OfferedStep, SentStep } from '@ferrite/shared/contracts/steps'
import { Fault } from '@ferrite/shared/fault'
import type { CommandContext } from '../commands/command.ts'
import { isTyped } from '../commands/command-error.ts'
import type { StepKind } from './step.ts'
import { managerClass, managerVersions, steps } from './table.ts'

/** The steps of one kind as `get_*_steps` lists them. */
export function offeredSteps(kind: StepKind): Record<string, OfferedStep[]> {
  const offered = steps.flatMap(({ step, interface: of, priority, abortable, argsinfo }) => {
    const own = priority[kind]
    if (own === undefined) return []
    return [{ step, priority: own, interface: of, reboot_requested: false, abortable, ...(argsinfo && { argsinfo }) }]
  })
  return { [managerClass]: offered }
}

export type StepRequest = {
  kind: StepKind
  step: SentStep
  node: SentNode
  version: Record<string, string> | null | undefined
}

/** Runs one step. Fault version_mismatch, step_not_found, wrong_arguments, or what the step throws. */
export async function runStep(request: StepRequest, context: CommandContext): Promise<unknown> {
  const { kind, step, node, version } = request
  context.memory.node = node
  assertVersion(version)
  const found = steps.find((known) => known.step === step.step && known.priority[kind] !== undefined)
  if (!found) throw new Fault('step_not_found', `Could not find method: ${step.step}`)
  const args = found.args.safeParse(step.args ?? {})
  if (!args.success) {
    const said = args.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    throw new Fault('invalid', `the arguments of ${step.step} cannot be used: ${said.join('; ')}`)
  }
  const log = context.log.child({ step: step.step })
  try {
    return (await found.run(args.data, { ...context, log, node })) ?? null
  } catch (cause) {
    if (isTyped(cause)) throw cause
    throw new Fault(failures[kind], `Unexpected exception performing ${kind} step ${step.step}. ${nameOf(cause)}`, {
      cause,
    })
  }
}

const failures = { clean: 'cleaning_failed', deploy: 'deployment_failed', service: 'servicing_failed' } as const

function assertVersion(version: Record<string, string> | null | undefined): void {
  if (!version || isDeepStrictEqual(version, managerVersions)) return
  const [ours, theirs] = [JSON.stringify(managerVersions), JSON.stringify(version)]
  throw new Fault('version_mismatch', `Current versions: ${ours}, versions used by ironic: ${theirs}`)
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error)
