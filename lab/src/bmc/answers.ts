import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

type More = { related?: readonly string[]; args?: readonly string[] }

/** Sends an error as Redfish words it. */
export const refuse = (reply: FastifyReply, status: number, id: string, message: string, more: More = {}) =>
  reply.code(status).send({
    error: {
      code: 'Base.1.8.GeneralError',
      message: 'A general error has occurred. See ExtendedInfo for more information.',
      '@Message.ExtendedInfo': [
        {
          '@odata.type': '#Message.v1_1_1.Message',
          MessageId: `Base.1.8.${id}`,
          Message: message,
          MessageArgs: more.args ?? [],
          ...(more.related ? { RelatedProperties: more.related } : {}),
          Severity: 'Critical',
          Resolution: 'Correct the request and send it again.',
        },
      ],
    },
  })

export const missing = (reply: FastifyReply) =>
  refuse(reply, 404, 'ResourceMissingAtURI', 'The resource at the URI was not found.')

export const etagOf = (resource: object): string =>
  `"${createHash('sha1').update(JSON.stringify(resource)).digest('hex').slice(0, 16)}"`
