import { setTimeout as delay } from 'node:timers/promises'
import type { FerriteEvent } from '@ferrite/shared/contracts/events'
import type { Client, Node } from '../client.ts'
import { CommandError } from '../exit.ts'
import { events } from '../events.ts'
import { isSettled } from '../states.ts'

export type Follow = {
  client: Client
  uuid: string
  signal: AbortSignal
  timeoutMs?: number | undefined
  /** Sets things going, once events are listened to. */
  start?: (() => Promise<void>) | undefined
  /** When to stop; default: nothing moves any more. */
  until?: ((node: Node) => boolean) | undefined
  onEvent?: ((event: FerriteEvent) => void) | undefined
  onNode?: ((node: Node) => void) | undefined
}

const pollMs = 2000
const connectMs = 1500
const graceMs = 400

/** Follows a node by its events, and by looks at it where there are none (Ironic, or a restart), until it has settled. */
export async function follow(given: Follow): Promise<Node> {
  const ending = new AbortController()
  const limit = given.timeoutMs === undefined ? [] : [AbortSignal.timeout(given.timeoutMs)]
  const signal = AbortSignal.any([given.signal, ending.signal, ...limit])
  const ear = openEar(given, signal)
  try {
    await Promise.race([ear.connected, delay(connectMs, undefined, { signal })])
    await given.start?.()
    for (;;) {
      const node = await look(given, signal)
      given.onNode?.(node)
      if ((given.until ?? ((seen) => isSettled(seen.provision_state)))(node)) {
        await Promise.race([ear.heard(node.provision_state), delay(graceMs, undefined, { signal })])
        return node
      }
      await Promise.race([ear.next(), delay(pollMs, undefined, { signal })])
    }
  } catch (error) {
    if (limit[0]?.aborted) {
      const seconds = (given.timeoutMs ?? 0) / 1000
      throw new CommandError('timeout', `gave up waiting after ${seconds} s; the work goes on`)
    }
    throw given.signal.aborted ? given.signal.reason : error
  } finally {
    ending.abort()
    await ear.closed
  }
}

/** The node as it is now; a conductor that restarts is waited for. */
async function look({ client, uuid }: Follow, signal: AbortSignal): Promise<Node> {
  for (let failures = 0; ; failures += 1) {
    try {
      return await client.node(uuid)
    } catch (error) {
      if (failures >= 15 || !(error instanceof CommandError) || error.exit !== 'unreachable') throw error
      await delay(pollMs, undefined, { signal })
    }
  }
}

/** Listens to the node's events. Never rejects: a server without them is followed by looking. */
function openEar({ client, uuid, onEvent }: Follow, signal: AbortSignal) {
  const connected = Promise.withResolvers<void>()
  let moved = Promise.withResolvers<void>()
  const seen: { state?: string } = {}
  const listen = async (): Promise<void> => {
    try {
      for await (const event of events(client.http, { node: uuid, signal, onOpen: connected.resolve })) {
        onEvent?.(event)
        if (event.type !== 'provision_state') continue
        seen.state = event.to
        moved.resolve()
        moved = Promise.withResolvers()
      }
    } catch (error) {
      if (!(error instanceof CommandError)) throw error
    } finally {
      connected.resolve()
    }
  }
  return {
    connected: connected.promise,
    closed: listen(),
    next: () => moved.promise,
    async heard(state: string) {
      while (seen.state !== state) await moved.promise
    },
  }
}
