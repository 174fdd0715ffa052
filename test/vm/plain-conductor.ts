import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { Agent, request } from 'undici'
import type { Heartbeat } from '@ferrite/shared/contracts/callback'

const node = {
  uuid: 'f3e221e0-0000-4000-8000-00000000000a',
  properties: {},
  instance_info: {},
  driver_internal_info: {},
}
const token = 'only-good-for-this-test-and-no-other'

export type PlainConductor = AsyncDisposable & {
  port: number
  token: string
  nodeUuid: string
  /** On the clock of `performance.now()`. */
  startedMs: number
  /** Milliseconds since the start at which each path was asked for first. */
  seen: Map<string, number>
  /** The next heartbeat, or the last one. */
  heartbeat(timeoutMs: number): Promise<Heartbeat>
  /** Runs a command to its end and returns it. */
  command(name: string, params: Record<string, unknown>, timeoutMs: number): Promise<Command>
}
type Command = { id: string; command_status: string; command_error: unknown; command_result: unknown }

/** Just enough of a conductor to lead one agent by hand: lookup, heartbeats, one image. */
export async function plainConductor(image: string): Promise<PlainConductor> {
  const started = performance.now()
  const seen = new Map<string, number>()
  const { promise: first, resolve } = Promise.withResolvers<Heartbeat>()
  let last: Heartbeat | undefined
  const server = createServer((asked, answer) => {
    const name = (asked.url ?? '').split('?')[0]?.split('/').slice(0, 3).join('/') ?? ''
    if (!seen.has(name)) seen.set(name, performance.now() - started)
    void serve(asked, answer, image, (beat) => {
      last = beat
      resolve(beat)
    }).catch((error: unknown) => answer.destroy(error as Error))
  })
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready))
  const heartbeat = async (timeoutMs: number) => {
    const late = AbortSignal.timeout(timeoutMs)
    return (
      last ??
      Promise.race([
        first,
        new Promise<never>((_, no) =>
          late.addEventListener('abort', () => no(new Error(`no heartbeat within ${timeoutMs} ms`))),
        ),
      ])
    )
  }
  return {
    port: (server.address() as AddressInfo).port,
    token,
    startedMs: started,
    nodeUuid: node.uuid,
    seen,
    heartbeat,
    command: async (name, params, timeoutMs) => runCommand(await heartbeat(1_000), { name, params }, timeoutMs),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function serve(
  asked: IncomingMessage,
  answer: ServerResponse,
  image: string,
  onHeartbeat: (beat: Heartbeat) => void,
) {
  const url = asked.url ?? ''
  const json = (value: unknown, status = 200) => {
    answer.writeHead(status, { 'content-type': 'application/json' })
    answer.end(JSON.stringify(value))
  }
  if (url.startsWith('/image')) {
    answer.writeHead(200, { 'content-length': (await stat(image)).size })
    return createReadStream(image).pipe(answer)
  }
  if (url.startsWith('/v1/lookup'))
    return json({ node, config: { heartbeat_timeout: 60, agent_token: token, agent_token_required: true } })
  if (url.startsWith('/v1/heartbeat')) {
    const body = (await asked.toArray()) as Buffer[]
    onHeartbeat(JSON.parse(Buffer.concat(body).toString()) as Heartbeat)
    answer.statusCode = 202
    return answer.end()
  }
  return json({ default_version: { id: 'v1', version: '1.82', min_version: '1.1' } })
}

/** The agent is trusted by the certificate that its heartbeat carried. */
async function runCommand(
  { callback_url: url, agent_verify_ca: ca }: Heartbeat,
  body: { name: string; params: Record<string, unknown> },
  timeoutMs: number,
): Promise<Command> {
  const dispatcher = new Agent({ connect: ca === undefined ? {} : { ca } })
  try {
    return await followed(dispatcher, `${url}/v1/commands/`, { body, timeoutMs })
  } finally {
    await dispatcher.destroy()
  }
}

async function followed(
  dispatcher: Agent,
  commands: string,
  { body, timeoutMs }: { body: { name: string; params: Record<string, unknown> }; timeoutMs: number },
): Promise<Command> {
  const deadline = performance.now() + timeoutMs
  const posted = await request(`${commands}?wait=false&agent_token=${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    dispatcher,
  })
  let command = (await posted.body.json()) as Command
  while (command.command_status === 'RUNNING' && performance.now() < deadline) {
    const asked = await request(`${commands}${command.id}?wait=true&agent_token=${token}`, {
      dispatcher,
    })
    command = (await asked.body.json()) as Command
  }
  return command
}
