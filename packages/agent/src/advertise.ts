import { createSocket } from 'node:dgram'
import { lookup } from 'node:dns/promises'
import { isIPv6 } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { Logger } from 'pino'
import { Fault, explain } from '@ferrite/shared/fault'
import type { Clock } from './clock.ts'

export type AdvertiseOptions = {
  /** Given by the operator: used as it is. */
  host?: string | undefined
  apiUrl: string
  networkInterface?: string | undefined
  attempts: number
  pauseMs: number
  clock: Clock
  log: Logger
  signal: AbortSignal
}

/** The address under which the conductor can reach us: the one from which we reach it. Link-local ones do not count. */
export async function advertisedHost(options: AdvertiseOptions): Promise<string> {
  if (options.host !== undefined) return options.host
  const apiHost = new URL(options.apiUrl).hostname.replace(/^\[|\]$/g, '')
  for (let left = options.attempts; left > 0; left -= 1) {
    const source = await sourceAddress(apiHost).catch((error: unknown) => {
      options.log.warn({ api: apiHost, err: explain(error) }, 'no route to the API yet')
    })
    if (source !== undefined && !isLinkLocal(source)) return source
    if (left > 1) await options.clock.sleep(options.pauseMs, options.signal)
  }
  const address = options.networkInterface === undefined ? undefined : addressOf(options.networkInterface)
  if (address !== undefined) return address
  throw new Fault('lookup_failed', `found no address of this machine that reaches ${apiHost}; set ipa-advertise-host`)
}

/** `http://10.0.0.5:9999`, brackets around IPv6. */
export const callbackUrl = (protocol: 'http' | 'https', host: string, port: number): string =>
  `${protocol}://${isIPv6(host) ? `[${host}]` : host}:${port}`

/** Connecting a datagram socket sends nothing, but makes the kernel choose the source address of the route. */
async function sourceAddress(host: string): Promise<string> {
  const { address, family } = await lookup(host)
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4')
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.connect(9, address, () => resolve())
    })
    return socket.address().address
  } finally {
    socket.close()
  }
}

const isLinkLocal = (address: string): boolean => /^(169\.254\.|fe[89ab][0-9a-f]:)/i.test(address)

const addressOf = (name: string): string | undefined =>
  networkInterfaces()[name]?.find(({ address, internal }) => !internal && !isLinkLocal(address))?.address
