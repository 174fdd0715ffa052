import type { Interface } from '../../core/interfaces.ts'

/** Software RAID, built by the agent: its own steps do the work, and what they built is kept with the node. */
export const agentRaid: Interface = { name: 'agent', driverInfo: {}, async validate() {} }
