import { isFault } from '@ferrite/shared/fault'
import type { Findings } from './core/findings.ts'
import type { Store } from './store/store.ts'

/** What inspections need of the store. */
export const findingsIn = (store: Store): Findings => ({
  ports: (node_uuid) => store.ports({ node_uuid }),
  createPort: (port) =>
    store.createPort(port).then(
      () => true,
      (error: unknown) => {
        if (isFault(error, 'conflict')) return false
        throw error
      },
    ),
  updatePort: async (uuid, set) => void (await store.updatePort(uuid, set)),
  deletePort: (uuid) => store.deletePort(uuid),
  async rules(phase) {
    const rules = await store.resources.list('inspection_rules', { phase })
    return rules.toSorted((a, b) => b.priority - a.priority)
  },
})
