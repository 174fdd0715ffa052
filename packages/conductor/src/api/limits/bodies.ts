import type { FastifyReply, FastifyRequest } from 'fastify'
import { Fault } from '@ferrite/shared/fault'
import type { DeclaredRoute } from '../route.ts'

export type Bodies = {
  /** Makes room for the body of a request until its answer is out. Fault busy while others fill it. */
  admit(route: DeclaredRoute, request: FastifyRequest, reply: FastifyReply): void
}

const smallBytes = 1024 * 1024
/** Of large bodies that are held in memory at the same time; a few times that goes with it while they are parsed. */
const mostBytes = 256 * 1024 * 1024

/**
 * Bounds the memory of large bodies, config drives and inspections' data: each is within its limit, fifty of them are
 * not. Ramdisks, which need no credential, have a room of their own.
 */
export function openBodies(most = mostBytes): Bodies {
  const held = { operators: 0, ramdisks: 0 }
  return {
    admit(route, { headers }, reply) {
      // Without a length it may be as long as the route allows.
      const bytes = headers['transfer-encoding'] ? route.maxBody : Number(headers['content-length'] ?? 0)
      if (!(bytes > smallBytes) || bytes > route.maxBody) return
      const who = route.auth === 'ramdisk' ? 'ramdisks' : 'operators'
      if (held[who] > 0 && held[who] + bytes > most) {
        throw new Fault('busy', 'Too many large requests are under way; try again.', { retryAfter: 5 })
      }
      // Who hung up while being let in is told of as gone no more: the room would be taken for ever.
      if (reply.raw.destroyed) return
      held[who] += bytes
      reply.raw.once('close', () => (held[who] -= bytes))
    },
  }
}
