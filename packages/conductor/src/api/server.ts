import { isIP } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { Fault } from '@ferrite/shared/fault'
import type { Config } from '../config.ts'
import { createApp } from './app.ts'
import { createMetrics } from './metrics.ts'
import type { ApiContext } from './route.ts'
import { allRoutes } from './routes/table.ts'

export type ApiParts = Omit<ApiContext, 'config'>
export interface Api {
  /** Binds both listeners (one, when `single_listener`); port 0 is resolved in the URLs. */
  listen(): Promise<{ operatorUrl: string; ramdiskUrl: string }>
  /** Stops taking requests, ends event streams, waits for the answers that are under way. */
  close(): Promise<void>
}

/** The HTTP API of one conductor. Throws Fault invalid when the configuration would expose it without authentication. */
export function createApi(config: Config, parts: ApiParts): Api {
  const operatorAddress = readAddress('listen', config.listen)
  const ramdiskAddress = readAddress('ramdisk_listen', config.ramdisk_listen)
  refuseExposure(config, operatorAddress.host)
  const context: ApiContext = { config, ...parts }
  const metrics = createMetrics({ store: parts.store, events: parts.services.events })
  const routes = allRoutes(metrics)
  const operator = createApp(context, {
    routes,
    metrics,
    listeners: config.single_listener ? ['operator', 'ramdisk'] : ['operator'],
    maxConnections: 2000,
  })
  const ramdisk = config.single_listener
    ? undefined
    : createApp(context, { routes, metrics, listeners: ['ramdisk'], maxConnections: 4000 })
  return {
    listen: async () => {
      const operatorUrl = await bind(operator, operatorAddress, 'listen')
      try {
        return {
          operatorUrl,
          ramdiskUrl: ramdisk ? await bind(ramdisk, ramdiskAddress, 'ramdisk_listen') : operatorUrl,
        }
      } catch (error) {
        await operator.close()
        throw error
      }
    },
    close: async () => {
      await Promise.all([operator.close(), ramdisk?.close()])
      metrics.close()
    },
  }
}

type Address = { host: string; port: number }

function readAddress(setting: string, text: string): Address {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (port > 65_535) throw new Fault('invalid', `setting ${setting} is ${text}, but ports end at 65535`)
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port }
}

/** Without authentication whoever reaches the port owns every machine. */
function refuseExposure(config: Config, host: string): void {
  if (config.insecure_noauth_on_any_address || isLoopback(host)) return
  throw new Fault(
    'invalid',
    `setting listen is ${config.listen}: an API without authentication may only listen on loopback, such as 127.0.0.1:6385; set insecure_noauth_on_any_address to allow it all the same`,
  )
}

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))

async function bind(app: FastifyInstance, { host, port }: Address, setting: string): Promise<string> {
  try {
    await app.listen({ host, port })
  } catch (cause) {
    throw new Fault('invalid', `cannot listen on ${host}:${port} (setting ${setting})`, { cause })
  }
  const bound = app.server.address()
  const actual = bound !== null && typeof bound === 'object' ? bound.port : port
  return `http://${host.includes(':') ? `[${host}]` : host}:${actual}`
}
