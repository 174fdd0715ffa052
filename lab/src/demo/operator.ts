import type { Client, Node } from '@ferrite/cli/client'
import { follow } from '@ferrite/cli/watch/follow'
import type { JsonPatch } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import type { ProvisionState, ProvisionVerb } from '@ferrite/shared/provision'
import type { LabMachine } from '../lab-machine.ts'
import type { Lab } from '../lab.ts'
import type { Enrollment } from '../vm/enrollment.ts'
import type { ChosenImage } from './image-source.ts'
import type { Show } from './show.ts'

const flowTimeoutMs = 900_000

/** Creates the node and its ports, as an operator does who knows the BMC's address and password. */
export async function enrol(client: Client, { node: body, macs, port }: Enrollment): Promise<Node> {
  const node = await client.createNode(body)
  for (const address of macs) await client.createPort({ node_uuid: node.uuid, address, ...port })
  return node
}

export const enrolmentOf = (lab: Lab, { machine, bmc }: LabMachine): Enrollment => ({
  macs: machine.macs,
  node: {
    name: machine.name,
    driver: 'redfish',
    network_interface: 'flat',
    driver_info: {
      redfish_address: bmc.url,
      redfish_username: bmc.account.username,
      redfish_password: bmc.account.password,
      deploy_iso: lab.deployIso,
    },
  },
})

/** What is to be deployed. How an image is compressed is no disk format of its own. */
export const instanceInfo = ({ encoded }: ChosenImage, facts: Record<string, string>): JsonPatch =>
  Object.entries({ image_disk_format: encoded === 'qcow2' ? encoded : 'raw', ...facts }).map(([key, value]) => ({
    op: 'add' as const,
    path: `/instance_info/${key}`,
    value,
  }))

/** A function that asks for a verb and follows it into the show until it is over. Fault where it does not end in `wants`. */
export const operator =
  ({ client, show, signal, uuid }: { client: Client; show: Show; signal: AbortSignal; uuid: string }) =>
  async (verb: ProvisionVerb, wants: ProvisionState, more: Record<string, unknown> = {}): Promise<Node> => {
    const node = await follow({
      client,
      uuid,
      signal,
      timeoutMs: flowTimeoutMs,
      start: () => client.provision(uuid, verb, more),
      onEvent: (event) => show.event(event),
      onNode: (seen) => show.node(seen),
    })
    if (node.provision_state === wants) return node
    throw new Fault('step_failed', `the node ended in state "${node.provision_state}"`, {
      cause: node.last_error ? new Error(node.last_error) : undefined,
    })
  }
