import type { InspectionRuleRecord } from '@ferrite/shared/contracts/inspection-rules'
import type { PortRecord } from '@ferrite/shared/contracts/ports'

/** What an inspection reads and changes beside the node: its ports, and the operators' rules. */
export interface Findings {
  ports(node_uuid: string): Promise<PortRecord[]>
  /** False when another port has the address already. */
  createPort(port: Partial<PortRecord> & Pick<PortRecord, 'address' | 'node_uuid'>): Promise<boolean>
  updatePort(uuid: string, set: Partial<PortRecord>): Promise<void>
  deletePort(uuid: string): Promise<void>
  /** Highest priority first. */
  rules(phase: 'preprocess' | 'main'): Promise<InspectionRuleRecord[]>
}

export const hookNames = [
  'ramdisk-error',
  'validate-interfaces',
  'ports',
  'architecture',
  'boot-mode',
  'cpu-capabilities',
  'cpus',
  'memory',
  'root-device',
  'local-link-connection',
  'extra-hardware',
] as const
export type HookName = (typeof hookNames)[number]

export type InspectionSettings = {
  hooks: readonly HookName[]
  /** Empty: the ramdisk's own choice. */
  collectors: readonly string[]
  powerOff: boolean
  addPorts: 'all' | 'active' | 'pxe' | 'disabled'
  keepPorts: 'all' | 'present' | 'added'
  updatePxeEnabled: boolean
}
