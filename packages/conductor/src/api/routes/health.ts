import { text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { looseAnswer } from '../answers.ts'
import type { Metrics } from '../metrics.ts'
import { reads } from './defaults.ts'

const read = { ...reads, method: 'GET', since: 1 } as const

/** Is it alive, can it work, how does it fare. */
export const healthRoutes = (metrics: Metrics): readonly DeclaredRoute[] => [
  route({
    ...read,
    listener: 'both',
    path: '/livez',
    auth: 'public',
    answers: { 200: null },
    handle: async () => ({ status: 200, text: 'ok\n' }),
  }),
  route({
    ...read,
    listener: 'both',
    path: '/readyz',
    auth: 'public',
    query: { verbose: { since: 1, schema: text } },
    answers: { 200: looseAnswer, 503: looseAnswer },
    handle: async ({ api, query }) => {
      const trouble = await api.store.trouble().catch((error: unknown) => {
        api.log.error({ err: error }, 'the database does not answer')
        return 'does not answer'
      })
      const healthy = trouble === undefined
      const status = healthy ? 200 : 503
      if (query.verbose === undefined) return { status, text: healthy ? 'ok\n' : 'not ready\n' }
      const checks = [{ name: 'database', ok: healthy, detail: trouble ?? 'answers, schema is current' }]
      return { status, body: { ready: healthy, checks } }
    },
  }),
  route({
    ...read,
    path: '/metrics',
    auth: 'ferrite:metrics:get',
    answers: { 200: null },
    handle: async () => ({ status: 200, text: await metrics.text(), headers: { 'content-type': metrics.contentType } }),
  }),
]
