import { openSqliteStore } from '@ferrite/conductor/store/sqlite'
import { systemClock } from '@ferrite/conductor/core/clock'

/** What the measurements know of the nodes: those whose agents beat, those whose ramdisks look themselves up. */
export type Seeded = { all: string[]; beating: { uuid: string; token: string }[]; lookingUp: string[] }

const perTurn = 500

/** Nodes as an inventory has them: most idle, some with an agent, some just booted. */
export async function seed(directory: string, count: number): Promise<Seeded> {
  await using store = openSqliteStore({ directory, clock: systemClock, host: 'bench' })
  const seeded: Seeded = { all: [], beating: [], lookingUp: [] }
  for (let from = 0; from < count; from += perTurn) {
    const made = Array.from({ length: Math.min(perTurn, count - from) }, async (_unused, at) => {
      const index = from + at
      const node = await store.createNode({ ...fields(index), ...agentOf(index, count) }, [])
      const address = macOf(index)
      await store.createPort({ address, node_uuid: node.uuid })
      return { uuid: node.uuid, address, index }
    })
    for (const { uuid, address, index } of await Promise.all(made)) {
      seeded.all.push(uuid)
      if (isBeating(index)) seeded.beating.push({ uuid, token: tokenOf(index) })
      if (isLookingUp(index, count)) seeded.lookingUp.push(address)
    }
  }
  return seeded
}

const macOf = (index: number): string =>
  `52:54:00:${[index >> 16, index >> 8, index].map((part) => (part & 255).toString(16).padStart(2, '0')).join(':')}`
const tokenOf = (index: number): string => `token-${index}`.padEnd(43, 'x')
const isBeating = (index: number): boolean => index < 1000
const isLookingUp = (index: number, count: number): boolean => index >= 1000 && index < Math.min(count, 9000)

function agentOf(index: number, count: number) {
  if (!isBeating(index) && !isLookingUp(index, count)) return { provision_state: 'active' as const }
  const token = isBeating(index) ? { token: tokenOf(index) } : {}
  const agent = { epoch: 1, booted_at: new Date().toISOString(), ...token }
  return { provision_state: 'wait call-back' as const, internal: { agent } }
}

const fields = (index: number) => ({
  driver: 'redfish',
  name: `bench-${index}`,
  resource_class: 'baremetal',
  power_state: 'power on' as const,
  properties: { cpus: 64, memory_mb: 262_144, local_gb: 960, cpu_arch: 'x86_64', capabilities: 'boot_mode:uefi' },
  driver_info: {
    redfish_address: `https://10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`,
    redfish_username: 'admin',
    redfish_password: `password-${index}`,
    redfish_system_id: '/redfish/v1/Systems/1',
  },
  instance_info: { image_source: 'http://images.example/debian.raw', image_checksum: 'a'.repeat(64) },
  traits: ['CUSTOM_GOLD', 'HW_CPU_X86_VMX'],
})
