import type { Bmcs } from '@ferrite/conductor/bmc/redfish/bmcs'
import type { ActionOutcome, Redfish } from '@ferrite/conductor/bmc/redfish/client'
import { Fault } from '@ferrite/shared/fault'

type Body = Record<string, unknown>
export type Deed = { path: string; body: Body }

/** A BMC that is nothing but its resources; `acts` says what happens to them when it is told to do something. */
export class MemoryBmc {
  readonly resources: Map<string, Body>
  readonly deeds: Deed[] = []
  acts: (deed: Deed, resources: Map<string, Body>) => ActionOutcome | void = () => {}

  constructor(resources: Record<string, Body>) {
    const root = { Systems: at('/redfish/v1/Systems'), UpdateService: at('/redfish/v1/UpdateService') }
    const systems = { Members: [at('/redfish/v1/Systems/1')] }
    this.resources = new Map(Object.entries({ '/redfish/v1/': root, '/redfish/v1/Systems': systems, ...resources }))
  }

  get bmcs(): Bmcs {
    const tell = async (path: string, body: Body) => {
      this.deeds.push({ path, body })
      return this.acts({ path, body }, this.resources) ?? 'done'
    }
    const bmc: Redfish = {
      origin: 'https://bmc',
      get: async (path) => {
        const body = this.resources.get(path)
        if (!body) throw new Fault('bmc_refused', `no ${path}`)
        return { path, etag: undefined, body }
      },
      patch: async ({ path }, body) => tell(path, body as Body),
      post: async (path, body) => tell(path, body as Body),
      remove: async (path) => tell(path, {}),
      [Symbol.asyncDispose]: async () => {},
    }
    const info = { origin: 'https://bmc', systemId: undefined }
    return { of: async () => ({ bmc, info }), [Symbol.asyncDispose]: async () => {} } as unknown as Bmcs
  }
}

export const at = (path: string) => ({ '@odata.id': path })
