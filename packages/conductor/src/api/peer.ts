import type { FastifyRequest } from 'fastify'

/** The caller's address; an IPv4 one that arrived on an IPv6 socket is one all the same. */
export const peerOf = ({ raw }: Pick<FastifyRequest, 'raw'>): string =>
  (raw.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '')
