import { isIP } from 'node:net'
import { Server as TlsServer } from 'node:tls'
import type { FastifyInstance } from 'fastify'
import { Fault } from '@ferrite/shared/fault'
import type { Config } from '../config.ts'
import { createApp } from './app.ts'
import { openDoor } from './door.ts'
import { followTls } from './limits/follow-tls.ts'
import { readTls, tlsFiles, type TlsFiles } from './limits/tls.ts'
import { createMetrics } from './metrics.ts'
import type { ApiContext, ListenerName } from './route.ts'
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
  const operatorTls = tlsFiles(config, 'operator')
  const ramdiskTls = tlsFiles(config, 'ramdisk')
  refuseExposure(config, operatorAddress.host, operatorTls !== undefined)
  const context: ApiContext = { config, ...parts }
  const door = openDoor(context)
  const metrics = createMetrics({ store: parts.store, events: parts.services.events })
  const routes = allRoutes(metrics)
  const listener = (listeners: readonly ListenerName[], maxConnections: number, tls: TlsFiles | undefined) =>
    createApp(context, { routes, metrics, listeners, maxConnections, door, tls: tls && readTls(tls) })
  const { single_listener: single } = config
  const operator = listener(single ? ['operator', 'ramdisk'] : ['operator'], 2000, operatorTls)
  const ramdisk = single ? undefined : listener(['ramdisk'], 4000, ramdiskTls)
  const following = [followTls(operator, operatorTls, parts.log), followTls(ramdisk, ramdiskTls, parts.log)]
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
      for (const end of following) end()
      await Promise.all([operator.close(), ramdisk?.close()])
      await door.close()
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

/** Without authentication whoever reaches the port owns every machine; without TLS whoever listens owns the credentials. */
function refuseExposure(config: Config, host: string, encrypted: boolean): void {
  if (isLoopback(host)) return
  if (config.auth.includes('noauth') && !config.insecure_noauth_on_any_address) {
    throw new Fault(
      'invalid',
      `setting listen is ${config.listen}: an API without authentication may only listen on loopback, such as 127.0.0.1:6385; set auth, or insecure_noauth_on_any_address to allow it all the same`,
    )
  }
  if (!config.auth.includes('noauth') && !encrypted && !config.insecure_plain_http) {
    throw new Fault(
      'invalid',
      `setting listen is ${config.listen}: credentials would travel over plain http; set tls_cert and tls_key, or insecure_plain_http to allow it all the same`,
    )
  }
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
  const scheme = app.server instanceof TlsServer ? 'https' : 'http'
  return `${scheme}://${host.includes(':') ? `[${host}]` : host}:${actual}`
}
