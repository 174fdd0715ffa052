import { runbookFields, type RunbookRecord } from '@ferrite/shared/contracts/runbooks'
import { traitPattern } from '@ferrite/shared/contracts/resource-fields'
import { Fault } from '@ferrite/shared/fault'
import { refuseRepeated } from './deploy-templates.ts'
import { findResource, resource, type ResourceContext } from './resource.ts'
import type { Store } from '../store/store.ts'

/** First microversion in which a runbook has traits of its own, and may be called anything. */
const traitsSince = 112

export const runbooks = resource({
  kind: 'runbooks',
  noun: 'runbook',
  title: 'Runbook',
  fields: runbookFields,
  named: 'other',
  check({ record, set, microversion }) {
    refuseRepeated(set.steps ?? [], 'Runbook')
    if (set.name !== undefined && microversion < traitsSince && !traitPattern.test(set.name)) {
      throw new Fault('invalid', `Schema error for runbook: name: '${set.name}' does not match '^CUSTOM_[A-Z0-9_]+$'`)
    }
    if (record.public && record.owner !== null) {
      throw new Fault('invalid', 'There cannot be an owner for a public runbook')
    }
  },
})

type Find = () => Promise<RunbookRecord>

/** Sets the traits that approve the runbook for nodes. Fault invalid for a name that is no trait. */
export async function setRunbookTraits(
  { store }: ResourceContext,
  find: Find,
  change: (now: readonly string[]) => readonly string[],
): Promise<void> {
  const runbook = await find()
  const traits = [...new Set(change(runbook.traits))].toSorted()
  const wrong = traits.find((trait) => !traitPattern.test(trait))
  if (wrong !== undefined) {
    throw new Fault('invalid', `Schema error for traits: '${wrong.slice(0, 255)}' does not match '^CUSTOM_[A-Z0-9_]+$'`)
  }
  await store.resources.update('runbooks', runbook.uuid, { traits })
}

/** The runbook of that name, if the node may have it run: a trait in common (before 1.112, the trait of its name). */
export async function approvedRunbook(
  store: Store,
  node: { uuid: string; traits: readonly string[] },
  { ident, microversion }: { ident: string; microversion: number },
): Promise<RunbookRecord> {
  const runbook = await findResource({ store }, runbooks, ident)
  const wanted = runbook.traits.length > 0 && microversion >= traitsSince ? runbook.traits : [runbook.name]
  if (wanted.some((trait) => node.traits.includes(trait))) return runbook
  throw new Fault(
    'invalid',
    `Runbook ${runbook.name} is not approved for node ${node.uuid}: they have no trait in common.`,
  )
}
