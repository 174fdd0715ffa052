import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

type Params = Record<string, unknown>
/** How a command ends: after `ms`, with a result or as failed. `drops` cuts the connection after taking the command. */
export type Play = { ms?: number; result?: unknown; error?: object; status?: string; drops?: true }
export type Script = Partial<Record<string, (params: Params) => Play>>

type Record_ = {
  id: string
  command_name: string
  command_status: string
  command_error: object | null
  command_result: unknown
}

const generic = { generic_hardware_manager: '1.2' }
const echo = (kind: string) => (params: Params) => ({
  ms: 20,
  result: { [`${kind}_result`]: { result: 'done' }, [`${kind}_step`]: params['step'] },
})
const usual: Script = {
  'deploy.get_deploy_steps': () => ({
    result: { deploy_steps: { GenericHardwareManager: [] }, hardware_manager_version: generic },
  }),
  'clean.get_clean_steps': () => ({
    result: {
      clean_steps: {
        GenericHardwareManager: [
          { step: 'erase_devices', priority: 10, interface: 'deploy', reboot_requested: false, abortable: true },
          {
            step: 'erase_devices_metadata',
            priority: 99,
            interface: 'deploy',
            reboot_requested: false,
            abortable: true,
          },
        ],
      },
      hardware_manager_version: generic,
    },
  }),
  'service.get_service_steps': () => ({
    result: {
      service_steps: {
        GenericHardwareManager: [
          { step: 'burnin_cpu', priority: 0, interface: 'deploy', reboot_requested: false, abortable: true },
          { step: 'flash', priority: 0, interface: 'deploy', reboot_requested: true, abortable: false },
        ],
      },
      hardware_manager_version: generic,
    },
  }),
  'service.execute_service_step': echo('service'),
  'rescue.finalize_rescue': () => ({ result: null }),
  'deploy.execute_deploy_step': echo('deploy'),
  'clean.execute_clean_step': echo('clean'),
  'standby.get_partition_uuids': () => ({ result: { 'root uuid': '0x00000000' } }),
  'image.install_bootloader': () => ({ ms: 10, result: null }),
  'standby.power_off': () => ({ ms: 5, result: null }),
  'standby.sync': () => ({ result: null }),
  'log.collect_system_logs': () => ({ result: { system_logs: Buffer.from('logs').toString('base64') } }),
}
const synchronous = /get_|sync$|collect_system_logs|finalize_rescue/

/** An agent in IPA's manners over real HTTP, playing a script: for tests of conductors. */
export class FakeAgent {
  readonly received: { name: string; params: Params; headers: IncomingMessage['headers']; token: string | null }[] = []
  readonly commands: Record_[] = []
  token: string | undefined
  /** Called when a command has ended, as IPA forces a heartbeat then. */
  onEnd: () => void = () => {}
  readonly #script: Script
  readonly #server = createServer((request, response) => void this.#answer(request, response))
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor(script: Script = {}) {
    this.#script = { ...usual, ...script }
  }

  async listen(): Promise<string> {
    await new Promise<void>((done) => {
      this.#server.listen(0, '127.0.0.1', done)
    })
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** As by kill -9: connections are cut, nothing ends any more. */
  kill(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://agent')
    const send = (status: number, body: object): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
    }
    const token = url.searchParams.get('agent_token')
    if (token !== this.token) return send(401, { faultcode: 'Client', faultstring: '401 Unauthorized: Token invalid.' })
    if (request.method === 'GET') return send(200, { commands: this.commands })
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const { name, params } = JSON.parse(text) as { name: string; params: Params }
    const last = this.commands.at(-1)
    if (last?.command_status === 'RUNNING') {
      return send(409, { faultcode: 'Client', faultstring: `Agent is busy: executing command ${last.command_name}` })
    }
    this.received.push({ name, params, headers: request.headers, token })
    const play = this.#script[name]?.(params)
    if (!play) return send(400, { faultcode: 'Client', faultstring: `Invalid command: Unknown command: ${name}` })
    const command = this.#begin(name, play)
    if (play.drops) request.socket.destroy()
    else send(200, command)
  }

  #begin(name: string, play: Play): Record_ {
    const command: Record_ = {
      id: randomUUID(),
      command_name: name.slice(name.indexOf('.') + 1),
      command_status: 'RUNNING',
      command_error: null,
      command_result: null,
    }
    this.commands.push(command)
    const end = (): void => {
      command.command_status = play.status ?? (play.error ? 'FAILED' : 'SUCCEEDED')
      command.command_error = play.error ?? null
      command.command_result = play.error ? null : (play.result ?? null)
    }
    if (synchronous.test(name)) end()
    else {
      const timer = setTimeout(() => {
        this.#timers.delete(timer)
        end()
        this.onEnd()
      }, play.ms ?? 10)
      this.#timers.add(timer)
    }
    return command
  }
}
