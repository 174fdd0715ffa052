import { deployTemplateFields } from '@ferrite/shared/contracts/deploy-templates'
import type { TemplateStep } from '@ferrite/shared/contracts/ordered-steps'
import { Fault } from '@ferrite/shared/fault'
import type { Store } from '../store/store.ts'
import { resource } from './resource.ts'

export const deployTemplates = resource({
  kind: 'deploy_templates',
  noun: 'deploy template',
  title: 'Deploy template',
  fields: deployTemplateFields,
  named: 'other',
  check: ({ set }) => refuseRepeated(set.steps ?? [], 'Deploy template'),
})

type Step = { interface: string; step: string }

export function refuseRepeated(steps: readonly Step[], what: string): void {
  const names = steps.map((step) => `${step.interface}.${step.step}`)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice === undefined) return
  throw new Fault('invalid', `${what} invalid: it has the step ${twice} twice.`)
}

/** The steps that go with traits which an instance asks for, template by template. */
export async function deployTemplatesFor(store: Store, traits: readonly string[]): Promise<TemplateStep[]> {
  if (traits.length === 0) return []
  const templates = await store.resources.list('deploy_templates', { name: traits })
  return templates.flatMap((template) => template.steps)
}
