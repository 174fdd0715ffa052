import { looseAnswer } from '../answers.ts'
import { links } from '../links.ts'
import { route, type DeclaredRoute } from '../route.ts'
import { maxVersion, minVersion } from '../versions.ts'
import { reads } from './defaults.ts'

const version = (base: string) => ({
  id: 'v1',
  links: [{ href: `${base}/v1/`, rel: 'self' }],
  status: 'CURRENT',
  min_version: `1.${minVersion}`,
  version: `1.${maxVersion}`,
})

/** Resources that `GET /v1` names, with the microversion that knows them. */
const resources: readonly [string, number][] = [
  ['chassis', 1],
  ['nodes', 1],
  ['ports', 1],
  ['drivers', 1],
  ['lookup', 22],
  ['heartbeat', 22],
  ['portgroups', 23],
  ['volume', 32],
  ['conductors', 49],
  ['allocations', 52],
  ['events', 54],
  ['deploy_templates', 55],
  ['shards', 82],
  ['continue_inspection', 84],
  ['runbooks', 92],
  ['inspection_rules', 96],
]

export const discoveryRoutes: readonly DeclaredRoute[] = [
  route({
    ...reads,
    listener: 'both',
    method: 'GET',
    path: '/',
    since: 1,
    auth: 'public',
    answers: { 200: looseAnswer },
    handle: async ({ base }) => ({
      status: 200,
      body: {
        name: 'OpenStack Ironic API',
        description: 'Bare-metal provisioning by Ferrite, in the protocol of OpenStack Ironic.',
        versions: [version(base)],
        default_version: version(base),
      },
    }),
  }),
  route({
    ...reads,
    listener: 'both',
    method: 'GET',
    path: '/v1',
    since: 1,
    auth: 'public',
    answers: { 200: looseAnswer },
    handle: async ({ base, microversion }) => ({
      status: 200,
      body: {
        id: 'v1',
        links: [
          { href: `${base}/v1/`, rel: 'self' },
          {
            href: 'https://docs.openstack.org/ironic/latest/contributor/webapi.html',
            rel: 'describedby',
            type: 'text/html',
          },
        ],
        media_types: { base: 'application/json', type: 'application/vnd.openstack.ironic.v1+json' },
        ...Object.fromEntries(
          resources.filter(([, since]) => microversion >= since).map(([name]) => [name, links(base, name, '')]),
        ),
        version: version(base),
      },
    }),
  }),
]
