import { Fault } from '@ferrite/shared/fault'
import { serveFile } from '../serve-file.ts'
import { text } from '../query.ts'
import { route, type Answer, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'

const base = '/ferrite/v1/boot'
const common = { ...reads, listener: 'ramdisk', since: 1, auth: 'ramdisk', answers: { 200: null } } as const
const file = { ...common, streams: true, answers: { 200: null, 206: null } } as const

/** What machines fetch while they boot. Every name is one of ours; a machine shows its own MAC or boot, nothing else. */
export const bootRoutes: readonly DeclaredRoute[] = [
  route({
    ...common,
    method: 'GET',
    path: `${base}/boot.ipxe`,
    handle: async ({ api }) => script(api.services.boot.entryScript()),
  }),
  route({
    ...common,
    method: 'GET',
    path: `${base}/mac/:mac`,
    query: { platform: { since: 1, schema: text }, arch: { since: 1, schema: text } },
    handle: async ({ api, params, query }) => {
      const found = await api.services.boot.scriptForMac(params.mac, { arch: query.arch, platform: query.platform })
      if (found === undefined) throw absent()
      return script(found)
    },
  }),
  ...(['GET', 'HEAD'] as const).map((method) =>
    route({
      ...file,
      method,
      path: `${base}/loader/:name`,
      handle: async ({ api, params, headers, signal }) => {
        const path = api.services.boot.loader(params.name)
        if (path === undefined) throw absent()
        return serveFile({ headers, signal }, { path, headOnly: method === 'HEAD' })
      },
    }),
  ),
  ...(['GET', 'HEAD'] as const).map((method) =>
    route({
      ...file,
      method,
      path: `${base}/node/:uuid/:epoch/:name`,
      handle: async ({ api, params, headers, signal, peer }) => {
        const { boot } = api.services
        if (params.name === 'gave-up') {
          await boot.gaveUp(params.uuid, Number(params.epoch))
          return { status: 200, text: '\n' }
        }
        const found = await boot.file(params.uuid, Number(params.epoch), params.name, peer)
        if (found === undefined) throw absent()
        const { path, digest, onBytes } = found
        const served = { path, tag: digest, headOnly: method === 'HEAD', onBytes }
        return await serveFile({ headers, signal }, served).catch((error: unknown) => {
          found.onMissing()
          throw error
        })
      },
    }),
  ),
]

const script = (body: string): Answer => ({
  status: 200,
  text: body,
  headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
})

const absent = (): Fault => new Fault('not_found', 'There is no such boot file.')
