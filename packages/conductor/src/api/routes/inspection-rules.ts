import { inspectionRules, shownRule } from '../../resources/inspection-rules.ts'
import { looseAnswer } from '../answers.ts'
import { text } from '../query.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { orders } from './defaults.ts'
import { resourceRoutes } from './resource-routes.ts'

export const inspectionRuleRoutes: readonly DeclaredRoute[] = [
  ...resourceRoutes({
    resource: inspectionRules,
    path: 'inspection_rules',
    collection: 'inspection_rules',
    since: 96,
    policy: 'inspection_rule',
    writes: { tooOld: 'method_not_allowed' },
    filters: { phase: { since: 96, schema: text } },
    filterOf: ({ query }) => ({ phase: query['phase'] as string | undefined }),
    answer: looseAnswer,
    show: shownRule,
  }),
  route({
    ...orders,
    method: 'DELETE',
    path: '/v1/inspection_rules',
    since: 96,
    tooOld: 'method_not_allowed',
    auth: 'baremetal:inspection_rule:delete',
    audit: 'inspection_rule.delete_all',
    answers: { 204: null },
    handle: async ({ api }) => {
      await api.store.resources.deleteAll('inspection_rules')
      return { status: 204 }
    },
  }),
]
