import { setTimeout as delay } from 'node:timers/promises'
import { request } from 'undici'
import type { LabImage } from './images.ts'
import type { LabMachine } from './lab-machine.ts'
import type { Enrollment } from './vm/enrollment.ts'

export type ApiAnswer = { status: number; body: unknown }
/** A node as the API shows it; the fields that scenarios look at. */
export type ApiNode = {
  uuid: string
  name: string | null
  provision_state: string
  target_provision_state: string | null
  power_state: string | null
  last_error: string | null
  maintenance: boolean
  reservation: string | null
  driver_internal_info: Record<string, unknown>
  [field: string]: unknown
}

/** An operator at the API's door, in as few words as scenarios need. */
export class LabClient {
  readonly url: string
  #deployIso: string

  constructor(url: string, deployIso: string) {
    this.url = url
    this.#deployIso = deployIso
  }

  async call(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<ApiAnswer> {
    const response = await request(this.url + path, {
      method,
      headers: { 'X-OpenStack-Ironic-API-Version': '1.82', 'Content-Type': 'application/json' },
      body: body === undefined ? null : JSON.stringify(body),
    })
    const text = await response.body.text()
    return { status: response.statusCode, body: text ? (JSON.parse(text) as unknown) : undefined }
  }

  /** Like `call`, but an answer of 400 or more is an error. */
  async must(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, path, body)
    if (answer.status < 400) return answer.body
    throw new Error(`${method} ${path} was answered ${answer.status}: ${JSON.stringify(answer.body)}`)
  }

  /** Creates the node and its ports for a machine; `fields` win over what the lab would say. */
  async enroll({ machine, bmc }: LabMachine, fields: Record<string, unknown> = {}): Promise<ApiNode> {
    const node = (await this.must('POST', '/v1/nodes', {
      name: machine.name,
      driver: 'redfish',
      network_interface: 'flat',
      ...fields,
      driver_info: {
        redfish_address: bmc.url,
        redfish_username: bmc.account.username,
        redfish_password: bmc.account.password,
        deploy_iso: this.#deployIso,
        ...(fields['driver_info'] as object | undefined),
      },
    })) as ApiNode
    for (const address of machine.macs) await this.must('POST', '/v1/ports', { node_uuid: node.uuid, address })
    return node
  }

  /** Creates a node from the whole of what is told about it, and its ports. */
  async create({ node, macs, port }: Enrollment): Promise<ApiNode> {
    const created = (await this.must('POST', '/v1/nodes', node)) as ApiNode
    for (const address of macs) await this.must('POST', '/v1/ports', { node_uuid: created.uuid, address, ...port })
    return created
  }

  async node(ident: string): Promise<ApiNode> {
    return (await this.must('GET', `/v1/nodes/${ident}`)) as ApiNode
  }

  async set(ident: string, fields: Record<string, unknown>): Promise<void> {
    const patch = Object.entries(fields).map(([path, value]) => ({ op: 'add', path: `/${path}`, value }))
    await this.must('PATCH', `/v1/nodes/${ident}`, patch)
  }

  /** As Ironic's clients do, asks again while somebody else has the node. */
  async provision(ident: string, target: string, more: Record<string, unknown> = {}): Promise<void> {
    const path = `/v1/nodes/${ident}/states/provision`
    for (let tries = 1; ; tries += 1) {
      const { status, body } = await this.call('PUT', path, { target, ...more })
      if (status < 400) return
      const isLocked = status === 409 && JSON.stringify(body).includes('is locked by host')
      if (!isLocked || tries === 5) throw new Error(`PUT ${path} was answered ${status}: ${JSON.stringify(body)}`)
      await this.when(ident, (node) => node.reservation === null, 'be free')
    }
  }

  /** From enroll to available, without cleaning the disk unless the node asks for it. */
  async makeAvailable(ident: string, { clean = false } = {}): Promise<ApiNode> {
    if (!clean) await this.set(ident, { automated_clean: false })
    await this.provision(ident, 'manage')
    await this.until(ident, 'manageable', 'enroll')
    await this.provision(ident, 'provide')
    return this.until(ident, 'available', 'clean failed')
  }

  /** Asks for the image and returns at once. */
  async deploy(ident: string, image: LabImage, more: Record<string, unknown> = {}): Promise<void> {
    await this.set(ident, {
      instance_info: {
        image_source: image.url,
        image_os_hash_algo: 'sha256',
        image_os_hash_value: image.sha256,
        image_disk_format: 'raw',
        ...(more['instance_info'] as object | undefined),
      },
    })
    await this.provision(ident, 'active', more['configdrive'] === undefined ? {} : { configdrive: more['configdrive'] })
  }

  /** Waits for one of these provision states, with nothing under way. */
  async until(ident: string, ...states: string[]): Promise<ApiNode> {
    return this.when(
      ident,
      (node) => states.includes(node.provision_state) && node.reservation === null,
      states.join(' or '),
    )
  }

  /** Waits until the node has come to rest: nothing to wait for, nobody at work on it. */
  async settled(ident: string): Promise<ApiNode> {
    const isAtRest = ({ target_provision_state, provision_state, reservation }: ApiNode) =>
      reservation === null && (target_provision_state === null || / failed$|^error$/.test(provision_state))
    return this.when(ident, isAtRest, 'rest')
  }

  async when(ident: string, isSo: (node: ApiNode) => boolean, what: string, limitMs = 60_000): Promise<ApiNode> {
    const deadline = performance.now() + limitMs
    for (;;) {
      const node = await this.node(ident)
      if (isSo(node)) return node
      if (performance.now() > deadline) {
        const { provision_state, last_error, reservation } = node
        throw new Error(
          `node ${ident} did not come to ${what}: ${JSON.stringify({ provision_state, last_error, reservation })}`,
        )
      }
      await delay(100)
    }
  }
}
