import { docsPage, pagePolicy } from '../docs/page.ts'
import { openApiDocument } from '../openapi/document.ts'
import { looseAnswer } from '../answers.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { reads } from './defaults.ts'

/** The API's description, of every route of both listeners, these two included. */
export function documentationRoutes(others: readonly DeclaredRoute[]): readonly DeclaredRoute[] {
  const read = { ...reads, method: 'GET', since: 1, auth: 'ferrite:docs:get' } as const
  // Made when first asked for: a conductor that nobody reads about starts without it.
  let made: ReturnType<typeof openApiDocument> | undefined
  const document = () => (made ??= openApiDocument([...others, ...own]))
  const own: readonly DeclaredRoute[] = [
    route({
      ...read,
      path: '/openapi.json',
      answers: { 200: looseAnswer },
      handle: async () => ({ status: 200, body: document() }),
    }),
    route({
      ...read,
      path: '/docs',
      answers: { 200: null },
      handle: async () => ({
        status: 200,
        text: docsPage(document()),
        headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': pagePolicy },
      }),
    }),
  ]
  return own
}
