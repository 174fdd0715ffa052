import type { Run } from './command.ts'

export const getHardwareInfo: Run<'poll.get_hardware_info'> = async (_params, { hardware }) => hardware.inventory()

export const setNodeInfo: Run<'poll.set_node_info'> = async ({ node_info }, { memory }) => {
  memory.node = node_info.node
  return null
}
