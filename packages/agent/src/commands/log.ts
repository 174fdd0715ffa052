import type { Run } from './command.ts'

export const collectSystemLogs: Run<'log.collect_system_logs'> = async (_params, { hardware }) => ({
  system_logs: await hardware.collectLogs(),
})
