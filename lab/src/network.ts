import type { KernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import { openWire } from './wire.ts'
import type { Wire } from './wire.ts'
import type { Switch } from './switch.ts'

/** A machine's place in the network: an address of its own, and wires that obey the switch. */
export type Network = {
  readonly address: string
  /** True while a port of the machine is on a network that the conductor is on. */
  isUp(): boolean
  /** Opens the wires for this boot; the parameters come back with the addresses that the machine has to use. */
  plug(args: KernelArgs): Promise<KernelArgs>
  unplug(): Promise<void>
}

const agentPort = 9999
const innerPort = 19_999

/**
 * The network of one machine on a loopback address of its own. The agent reaches the conductor, and the conductor the
 * agent, only through wires that the switch can cut.
 */
export function machineNetwork(parts: {
  address: string
  macs: readonly string[]
  switch: Switch
  /** Networks that the conductor is on. */
  reachable: ReadonlySet<string>
}): Network {
  const { address, macs } = parts
  const wires: Wire[] = []
  const isUp = () => macs.some((mac) => parts.reachable.has(parts.switch.networkOf(mac) ?? ''))
  let forget: (() => void) | undefined

  const unplug = async () => {
    forget?.()
    forget = undefined
    await Promise.all(wires.splice(0).map((wire) => wire[Symbol.asyncDispose]()))
  }
  const plug = async (args: KernelArgs): Promise<KernelArgs> => {
    await unplug()
    const api = args.find(([name]) => name === 'ipa-api-url')?.[1]
    const url = api ? URL.parse(api) : null
    const given = args.filter(([name]) => name !== 'ipa-api-url')
    if (url) {
      const target = { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 80) }
      wires.push(await openWire({ listen: { host: address, port: 0 }, target, from: address, isUp }))
      url.host = `${address}:${wires[0]?.port}`
    }
    const inner = { host: address, port: innerPort }
    wires.push(await openWire({ listen: { host: address, port: agentPort }, target: inner, isUp }))
    forget = parts.switch.onMove(() => {
      if (!isUp()) for (const wire of wires) wire.cut()
    })
    return [
      ...given,
      ...(url ? [['ipa-api-url', url.href.replace(/\/$/, '')] as const] : []),
      ['ipa-listen-host', address],
      ['ipa-listen-port', String(innerPort)],
      ['ipa-advertise-host', address],
      ['ipa-advertise-port', String(agentPort)],
    ]
  }
  return { address, isUp, plug, unplug }
}
