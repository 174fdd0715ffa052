import type { CheckResult } from '../core/interfaces.ts'

/** What a machine has to be told when it asks for an address. */
export type DhcpBoot = {
  loader: 'ipxe' | 'pxe' | 'http-ipxe'
  /** File that firmware loads; undefined leaves the choice to the server, which sees the firmware's architecture. */
  bootFile: string | undefined
  /** Script for clients that are iPXE. */
  scriptUrl: string
  tftpServer: string
}

export type DhcpNode = {
  uuid: string
  macs: readonly string[]
  /** It needs an address here when it runs its own system. */ staysHere: boolean
}

/** The tag of hosts that are given PXELINUX or GRUB. */
export const pxeTag = 'pxe-loader'

/** Who answers machines that ask for an address, and is told what they boot. */
export interface DhcpProvider {
  readonly name: string
  /** Idempotent; in force when it returns. Fault step_failed. */
  prepare(node: DhcpNode, boot: DhcpBoot): Promise<void>
  cleanUp(node: DhcpNode): Promise<void>
  check(): Promise<CheckResult[]>
  /** Why the server cannot answer anybody now; undefined when nothing speaks against it, or nobody can tell. */
  trouble(): string | undefined
}

/** Somebody else's DHCP server, of which nothing is known here. */
export const noDhcp: DhcpProvider = {
  name: 'none',
  prepare: async () => undefined,
  cleanUp: async () => undefined,
  check: async () => [
    {
      name: 'dhcp',
      result: 'skipped',
      detail: 'dhcp_provider is none: somebody else’s server has to answer the machine',
    },
  ],
  trouble: () => undefined,
}
