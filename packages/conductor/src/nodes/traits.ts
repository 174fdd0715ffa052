import { Fault } from '@ferrite/shared/fault'
import type { NodeRecord } from '../core/node.ts'
import { reviseNode } from './change-node.ts'
import type { Store } from '../store/store.ts'

const maxTraits = 50
// A trait of one's own, or one of the families of the os-traits library.
const traitPattern = /^(CUSTOM|HW|COMPUTE|STORAGE|MISC|OWNER)_[A-Z0-9_]{1,240}$/

export function checkTrait(trait: string): void {
  if (traitPattern.test(trait)) return
  throw new Fault(
    'invalid',
    `Schema error for traits: '${trait.slice(0, 255)}' is no standard trait and does not match '^CUSTOM_[A-Z0-9_]+$'`,
  )
}

type Find = () => Promise<NodeRecord>

/** Sets the node's traits to what `change` makes of them. Fault invalid for a bad name or too many. */
export function setTraits(
  store: Store,
  find: Find,
  change: (now: readonly string[]) => readonly string[],
): Promise<NodeRecord> {
  return reviseNode(store, find, (node) => {
    const traits = [...new Set(change(node.traits))].sort()
    for (const trait of traits) checkTrait(trait)
    if (traits.length > maxTraits) {
      throw new Fault(
        'invalid',
        `Node ${node.uuid} would have ${traits.length} traits; at most ${maxTraits} are allowed.`,
      )
    }
    return { traits }
  })
}

/** Fault not_found when the node does not have the trait. */
export function removeTrait(store: Store, find: Find, trait: string): Promise<NodeRecord> {
  return reviseNode(store, find, (node) => {
    if (!node.traits.includes(trait)) {
      throw new Fault('not_found', `Node ${node.uuid} doesn't have a trait '${trait.slice(0, 255)}'`)
    }
    return { traits: node.traits.filter((other) => other !== trait) }
  })
}
