import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pino } from 'pino'
import { FakeAgent, type Script } from '@ferrite/conductor/agent-client/testing/fake-agent'
import { createConductor, type Conductor } from '@ferrite/conductor/conductor'
import { loadConfig } from '@ferrite/conductor/config'
import { systemClock } from '@ferrite/conductor/core/clock'
import type { NodeChanges, NodeRecord } from '@ferrite/conductor/core/node'
import { openSqliteStore } from '@ferrite/conductor/store/sqlite'
import type { Store } from '@ferrite/conductor/store/store'
import type { InspectionData } from '@ferrite/shared/contracts/inspection'
import type { ProvisionRequest } from '@ferrite/shared/contracts/nodes'
import type { InspectionRuleRecord } from '@ferrite/shared/contracts/inspection-rules'
import { diskNode } from './disk-node.ts'
import { inspectionOf } from './inspection-data.ts'
import { mortalStore } from './mortal-store.ts'
import { isFault } from '@ferrite/shared/fault'
import { states } from '@ferrite/shared/provision'

/** Far more than anything here takes: a disk that is busy with others may keep a commit waiting for half a minute. */
const patienceMs = 60_000
export const testTimeoutMs = 2 * patienceMs

export type Crash = { commit: number; when: 'before' | 'after' }
const mac = '52:54:00:aa:bb:01'
const caller = { user: null, project: null, source: 'test', request_id: 'req-test' }

/** One machine without hardware, its agent, an image server, and conductors that come and go on one database. */
export class World implements AsyncDisposable {
  readonly dir = mkdtempSync(path.join(tmpdir(), 'ferrite-world-'))
  readonly log: string[] = []
  readonly agents: FakeAgent[] = []
  /** Commits of the conductors so far. */
  commits = 0
  crash: Crash | undefined
  crashed = Promise.withResolvers<void>()
  readonly #script: Script
  readonly #settings: Record<string, unknown>
  readonly #eye: Store
  readonly #images = createServer((_, response) => response.writeHead(200, { 'content-length': '4096' }).end())
  #conductor: Conductor | undefined
  /** Two writers of one process would wait for each other: the conductor's store writes for us too. */
  #writer: Store | undefined
  #dead = false
  #agent: { agent: FakeAgent; stop: AbortController } | undefined
  #power: string | undefined
  #watching = true
  #watch: Promise<void> = Promise.resolve()
  uuid = ''
  /** What its ramdisk finds in an inspection; undefined: it never sends anything. */
  data: InspectionData | undefined = inspectionOf(mac)
  /** False: the machine is powered, but no ramdisk comes up. */
  boots = true

  constructor(script: Script = {}, settings: Record<string, unknown> = {}) {
    this.#script = script
    this.#settings = settings
    this.#eye = openSqliteStore({ directory: this.dir, clock: systemClock, host: 'eye' })
  }

  get callback() {
    if (!this.#conductor || this.#dead) throw new Error('no conductor listens')
    return this.#conductor.services.callback
  }

  get agent(): FakeAgent | undefined {
    return this.#agent?.agent
  }

  async start(): Promise<void> {
    // Nobody listens until the new life does.
    this.#conductor = undefined
    this.#dead = false
    this.crashed = Promise.withResolvers<void>()
    const config = loadConfig({
      env: {},
      flags: {
        state_dir: this.dir,
        host: 'one',
        enabled_hardware_types: ['fake-hardware'],
        post_deploy_get_power_state_retry_interval: 0.01,
        agent_command_poll_interval: 0.1,
        sync_power_state_interval: 0,
        check_provision_state_interval: 0.1,
        lease_seconds: 30,
        ...this.#settings,
      },
    })
    const sink = { write: (line: string) => void this.log.push(line) }
    this.#writer = openSqliteStore({ directory: this.dir, clock: systemClock, host: 'one' })
    const store = mortalStore(this.#writer, {
      crashes: () => {
        this.commits += 1
        return this.crash?.commit === this.commits ? this.crash.when : undefined
      },
      died: () => {
        this.#dead = true
        this.crashed.resolve()
      },
    })
    this.#conductor = await createConductor(config, {
      store,
      clock: systemClock,
      log: pino({ level: 'info', base: null }, sink),
      ramdiskUrl: () => 'http://127.0.0.1:1',
    })
    await this.#conductor.start()
  }

  /** As by SIGTERM: the work under way is put down in order. */
  async stop(): Promise<void> {
    const ending = this.#conductor
    this.#conductor = undefined
    await ending?.stop()
  }

  async prepare(more: Partial<NodeRecord> = {}): Promise<void> {
    await new Promise<void>((done) => {
      this.#images.listen(0, '127.0.0.1', done)
    })
    const url = `http://127.0.0.1:${(this.#images.address() as AddressInfo).port}/disk.img`
    const node = await this.#eye.createNode({ ...diskNode(url), ...more }, [])
    this.uuid = node.uuid
    await this.#eye.createPort({ address: mac, node_uuid: node.uuid })
    this.#watch = this.#beMachine()
  }

  async request(target: string, microversion = 115, more: Omit<ProvisionRequest, 'target'> = {}): Promise<void> {
    if (!this.#conductor) throw new Error('no conductor')
    await this.#conductor.services.provision.request(this.uuid, { target, ...more }, caller, microversion)
  }

  get services() {
    if (!this.#conductor) throw new Error('no conductor')
    return this.#conductor.services
  }

  async node(): Promise<NodeRecord> {
    const node = await this.#eye.node(this.uuid)
    if (!node) throw new Error('the node is gone')
    return node
  }

  /** Changes the node behind the conductor's back. */
  async change(set: NodeChanges): Promise<void> {
    await (this.#writer ?? this.#eye).commit({ node_uuid: this.uuid, guard: { any: true }, set })
  }

  inventory = () => this.#eye.details.inventory(this.uuid)
  ports = () => this.#eye.ports({ node_uuid: this.uuid })
  /** A rule for inspections. */
  rule = (rule: Partial<InspectionRuleRecord>) => (this.#writer ?? this.#eye).resources.create('inspection_rules', rule)
  history = () => this.#eye.history(this.uuid)
  events = () => this.#eye.eventsAfter(0, 10_000)

  /** The node once nothing moves any more: at rest or failed, and free. */
  async settled(limitMs = patienceMs): Promise<NodeRecord> {
    return this.until((node) => {
      const { kind } = states[node.provision_state]
      return (kind === 'stable' || kind === 'failed') && node.reservation === null
    }, limitMs)
  }

  async until(test: (node: NodeRecord) => boolean, limitMs = patienceMs): Promise<NodeRecord> {
    const end = performance.now() + limitMs
    for (;;) {
      const node = await this.node()
      if (test(node)) return node
      if (performance.now() > end) {
        const { provision_state, last_error, reservation, internal } = node
        const { flow, agent, fake } = internal
        const facts = JSON.stringify({ provision_state, last_error, reservation, flow, agent, fake })
        throw new Error(`stuck: ${facts}\n${this.log.slice(-15).join('')}`)
      }
      await systemClock.sleep(10)
    }
  }

  // The machine does what `fake` power was told: an agent comes with a boot from the network, and goes with the power.
  async #beMachine(): Promise<void> {
    while (this.#watching) {
      const node = await this.node()
      const power = node.internal.fake?.power
      // A power cycle can be quicker than this look: another boot shows by its epoch.
      const now = `${power} ${node.internal.agent?.epoch}`
      if (now !== this.#power) {
        this.#power = now
        this.killAgent()
        if (this.boots && power === 'power on' && node.internal.fake?.boot_device === 'pxe') await this.#bootAgent(node)
      }
      await systemClock.sleep(5)
    }
  }

  /** `internal` is the machine's as it was when its power came on: by the time the agent listens, another boot may be due. */
  async #bootAgent({ internal }: NodeRecord): Promise<void> {
    const agent = new FakeAgent(this.#script)
    const stop = new AbortController()
    this.agents.push(agent)
    this.#agent = { agent, stop }
    const url = await agent.listen()
    if (internal.flow?.kind === 'inspect') void this.#inspect(stop.signal)
    void this.#live(agent, { url, epoch: internal.agent?.epoch }, stop.signal)
  }

  killAgent(): void {
    this.#agent?.stop.abort()
    this.#agent?.agent.kill()
    this.#agent = undefined
  }

  async #live(
    agent: FakeAgent,
    { url, epoch }: { url: string; epoch: number | undefined },
    signal: AbortSignal,
  ): Promise<void> {
    let ended = Promise.withResolvers<void>()
    agent.onEnd = () => ended.resolve()
    while (!signal.aborted) {
      try {
        // Power was cut a moment ago and this loop has not seen it yet: a machine that is off asks nothing.
        const { agent: now, fake } = (await this.node()).internal
        if (now?.epoch !== epoch || fake?.power !== 'power on') return
        if (agent.token === undefined) agent.token = await this.#cutByCrash(this.#lookUp())
        else {
          const body = { callback_url: url, agent_version: '12.0.0', agent_token: agent.token }
          await this.#cutByCrash(this.callback.heartbeat(this.uuid, body, { microversion: 68, peer: '127.0.0.1' }))
        }
      } catch (error) {
        if (!isFault(error) && !(error instanceof Error && /no conductor listens/.test(error.message))) throw error
      }
      await Promise.race([ended.promise, systemClock.sleep(agent.token ? 150 : 20, signal).catch(() => undefined)])
      ended = Promise.withResolvers<void>()
    }
  }

  /** What the ramdisk of an inspection sends, until somebody takes it. */
  async #inspect(signal: AbortSignal): Promise<void> {
    const { data } = this
    if (!data) return
    while (!signal.aborted) {
      try {
        const sent = { data, wantsNode: false, microversion: 1, peer: '127.0.0.1' }
        return void (await this.#cutByCrash(this.callback.inspected(sent)))
      } catch (error) {
        if (!isFault(error) && !(error instanceof Error && /no conductor listens/.test(error.message))) throw error
      }
      await systemClock.sleep(20, signal).catch(() => undefined)
    }
  }

  /** The connection of a call breaks when the conductor dies. */
  async #cutByCrash<T>(call: Promise<T>): Promise<T> {
    const cut = this.crashed.promise.then((): never => {
      throw new Error('no conductor listens any more')
    })
    return Promise.race([call, cut])
  }

  async #lookUp(): Promise<string | undefined> {
    const answer = await this.callback.lookup({ addresses: [mac], microversion: 62, peer: '127.0.0.1' })
    const token = answer.config?.agent_token
    return token && token !== '******' ? token : undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#watching = false
    await this.#watch
    this.killAgent()
    if (!this.#dead) await this.#conductor?.stop()
    this.#images.close()
    await this.#eye[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }
}
