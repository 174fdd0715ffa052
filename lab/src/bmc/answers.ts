import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

/** Sends an error as Redfish words it. */
export const refuse = (reply: FastifyReply, status: number, id: string, message: string) =>
  reply.code(status).send({
    error: {
      code: 'Base.1.8.GeneralError',
      message: 'A general error has occurred. See ExtendedInfo for more information.',
      '@Message.ExtendedInfo': [
        {
          '@odata.type': '#Message.v1_1_1.Message',
          MessageId: `Base.1.8.${id}`,
          Message: message,
          Severity: 'Critical',
        },
      ],
    },
  })

export const etagOf = (resource: object): string =>
  `"${createHash('sha1').update(JSON.stringify(resource)).digest('hex').slice(0, 16)}"`
