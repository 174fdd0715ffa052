import type { VmLabMachine } from './vm-lab-machine.ts'
import type { VmNetwork } from './vm-network.ts'

/** Body for POST /v1/nodes, and the addresses for its ports. */
export type Enrollment = {
  node: Record<string, unknown>
  macs: readonly string[]
  /** Further fields of the ports. */
  port?: Record<string, unknown>
}

const agentPort = 9999

/** What an operator of this lab has to tell about a machine. */
export async function enrollmentOf(
  { machine, redfish, ipmi }: VmLabMachine,
  { network, deployIso }: { network: VmNetwork; deployIso: string },
): Promise<Enrollment> {
  const [mac = ''] = machine.macs
  // The conductor reaches the agent through a port of loopback, so that is what the agent has to tell.
  const port = await network.forward(mac, 'provisioning', agentPort)
  const device = network.namespace === undefined ? undefined : network.deviceOf(mac)
  const link = { switch_id: '00:00:00:00:00:00', port_id: device, switch_info: 'lab' }
  const node = {
    name: machine.name,
    network_interface: device === undefined ? 'flat' : 'bridge',
    driver: ipmi ? 'ipmi' : 'redfish',
    driver_info: {
      ...(redfish && {
        redfish_address: redfish.url,
        redfish_username: redfish.account.username,
        redfish_password: redfish.account.password,
        deploy_iso: deployIso,
      }),
      ...(ipmi && {
        ipmi_address: ipmi.address,
        ipmi_port: ipmi.port,
        ipmi_username: ipmi.account.username,
        ipmi_password: ipmi.account.password,
      }),
      kernel_append_params: `ipa-advertise-host=127.0.0.1 ipa-advertise-port=${port} console=ttyS0,115200`,
    },
  }
  return { node, macs: machine.macs, ...(device === undefined ? {} : { port: { local_link_connection: link } }) }
}
