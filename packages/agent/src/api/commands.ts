import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import type { Command } from '@ferrite/shared/contracts/agent-api'
import { fenceHeader, idempotencyHeader } from '@ferrite/shared/contracts/agent-api'
import type { Runner } from '../commands/runner.ts'
import { commandBody } from './body.ts'
import type { Gate } from './gate.ts'

type Options = { runner: Runner; gate: Gate; onSeen: () => void }
type Query = { wait?: unknown; agent_token?: unknown }

/** Running commands and reading their results; all of it behind the gate, before a body is read. */
export const commandRoutes: FastifyPluginAsync<Options> = async (app, { runner, gate, onSeen }) => {
  app.addHook('onRequest', async (request) => {
    gate.admit({
      method: request.method,
      token: (request.query as Query).agent_token,
      fence: request.headers[fenceHeader],
      source: request.ip,
    })
  })

  const list = () => {
    onSeen()
    return { commands: runner.list() }
  }

  async function show(request: FastifyRequest<{ Params: { id: string } }>): Promise<Command> {
    onSeen()
    return isWaiting(request) ? runner.ended(request.params.id, request.signal) : runner.get(request.params.id)
  }

  async function submit(request: FastifyRequest): Promise<Command> {
    const { name, params } = commandBody(request.body)
    onSeen()
    const command = await runner.submit({ name, params, key: keyOf(request) })
    return isWaiting(request) ? runner.ended(command.id, request.signal) : command
  }

  for (const prefix of ['/v1/commands', '/commands']) {
    app.get(prefix, list)
    app.get<{ Params: { id: string } }>(`${prefix}/:id`, (request) => show(request))
    app.post(prefix, (request) => submit(request))
  }
}

function isWaiting(request: { query: unknown }): boolean {
  const { wait } = request.query as Query
  return typeof wait === 'string' && wait.toLowerCase() === 'true'
}

function keyOf(request: FastifyRequest): string | undefined {
  const key = request.headers[idempotencyHeader]
  return typeof key === 'string' && key !== '' ? key : undefined
}
