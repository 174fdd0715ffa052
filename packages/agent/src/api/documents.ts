import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { version } from '@ferrite/shared/version'

const docs = 'https://docs.openstack.org/ironic-python-agent'

/** What needs no token: discovery and status. */
export const documentRoutes: FastifyPluginAsync<{ startedAt: Date }> = async (app, { startedAt }) => {
  const status = () => ({ started_at: startedAt.getTime() / 1000, version })

  app.get('/', (request) => ({
    name: 'OpenStack Ironic Python Agent API',
    description: 'Ferrite agent, compatible with ironic-python-agent',
    versions: [describeVersion(request)],
    default_version: describeVersion(request),
  }))
  app.get('/v1', (request) => ({
    ...describeVersion(request),
    media_types: [{ base: 'application/json', type: 'application/vnd.openstack.ironic-python-agent.v1+json' }],
    commands: resource(request, 'commands'),
    status: resource(request, 'status'),
  }))
  app.get('/v1/status', status)
  app.get('/status', status)
}

const describeVersion = (request: FastifyRequest) => ({
  id: 'v1',
  links: [
    { href: `${base(request)}/v1`, rel: 'self' },
    { href: `${docs}/`, rel: 'describedby', type: 'text/html' },
  ],
})

const resource = (request: FastifyRequest, name: string) => [
  { href: `${base(request)}/v1/${name}`, rel: 'self' },
  { href: `${base(request)}/${name}`, rel: 'bookmark' },
]

const base = ({ protocol, host }: FastifyRequest): string => `${protocol}://${host}`
