import Fastify from 'fastify'
import { z } from 'zod'

/** Which network each port is on. `null` is none: the port is down. */
export type Switch = AsyncDisposable & {
  readonly url: string
  networkOf(mac: string): string | null
  /** Resolves when the port is there. */
  move(mac: string, network: string | null): Promise<void>
  /** Somebody else has moved the real port: only remembers it. */
  noticed(mac: string, network: string | null): void
  /** Calls back when a port has moved. Returns a function that ends it. */
  onMove(listener: (mac: string) => void): () => void
}

const body = z.strictObject({ network: z.string().min(1).max(64).nullable() })

/** A switch with an HTTP door: `GET /ports`, `GET /ports/{mac}`, `PUT /ports/{mac} {"network": NAME | null}`. */
export async function openSwitch({
  defaultNetwork = 'provisioning',
  apply,
}: {
  defaultNetwork?: string | null
  /** Moves the real port, where there is one. */
  apply?: (mac: string, network: string | null) => Promise<void>
} = {}): Promise<Switch> {
  const networks = new Map<string, string | null>()
  const listeners = new Set<(mac: string) => void>()
  const app = Fastify({ forceCloseConnections: true })

  const networkOf = (mac: string) =>
    networks.get(mac.toLowerCase()) ?? (networks.has(mac.toLowerCase()) ? null : defaultNetwork)
  const noticed = (mac: string, network: string | null) => {
    if (networkOf(mac) === network) return
    networks.set(mac.toLowerCase(), network)
    for (const listener of listeners) listener(mac.toLowerCase())
  }
  const move = async (mac: string, network: string | null) => {
    networks.set(mac.toLowerCase(), network)
    await apply?.(mac, network)
    for (const listener of listeners) listener(mac.toLowerCase())
  }

  app.get('/ports', () => ({ ports: [...networks].map(([mac, network]) => ({ mac, network })) }))
  app.get<{ Params: { mac: string } }>('/ports/:mac', ({ params: { mac } }) => ({ mac, network: networkOf(mac) }))
  app.put<{ Params: { mac: string } }>('/ports/:mac', async ({ params: { mac }, body: given }, reply) => {
    const parsed = body.safeParse(given)
    if (!parsed.success) return reply.code(400).send({ error: z.prettifyError(parsed.error) })
    await move(mac, parsed.data.network)
    return { mac, network: networkOf(mac) }
  })

  const url = await app.listen({ host: '127.0.0.1', port: 0 })
  return {
    url,
    networkOf,
    move,
    noticed,
    onMove(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    [Symbol.asyncDispose]: () => app.close(),
  }
}
