import { deployTemplates } from '../../resources/deploy-templates.ts'
import { looseAnswer } from '../answers.ts'
import type { DeclaredRoute } from '../route.ts'
import { resourceRoutes } from './resource-routes.ts'

export const deployTemplateRoutes: readonly DeclaredRoute[] = resourceRoutes({
  resource: deployTemplates,
  path: 'deploy_templates',
  collection: 'deploy_templates',
  since: 55,
  policy: 'deploy_template',
  writes: { tooOld: 'method_not_allowed' },
  filters: {},
  filterOf: () => ({}),
  answer: looseAnswer,
})
