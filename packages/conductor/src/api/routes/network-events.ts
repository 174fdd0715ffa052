import { z } from 'zod'
import { mac } from '@ferrite/shared/contracts/ports'
import { route, type DeclaredRoute } from '../route.ts'
import { takes } from './defaults.ts'

const event = z.strictObject({
  event: z.enum(['network.bind_port', 'network.unbind_port', 'network.delete_port']),
  port_id: z.guid(),
  mac_address: mac,
  status: z.enum(['ACTIVE', 'DOWN', 'ERROR', 'DELETED']),
  device_id: z.guid().nullish(),
  'binding:host_id': z.string().max(255).nullish(),
  'binding:vnic_type': z.string().max(255).nullish(),
})

/** What a network service tells about ports. Nothing here waits for it yet, so it is checked and logged. */
export const networkEventRoutes: readonly DeclaredRoute[] = [
  route({
    ...takes,
    method: 'POST',
    path: '/v1/events',
    since: 54,
    auth: 'baremetal:events:post',
    audit: 'events.post',
    body: z.strictObject({ events: z.array(event).min(1).max(1000) }),
    bodyName: 'events',
    answers: { 204: null },
    handle: async ({ api, body }) => {
      for (const { event: type, port_id: port, status } of body.events) {
        api.log.info({ type, port, status }, 'the network service reports')
      }
      return { status: 204 }
    },
  }),
]
