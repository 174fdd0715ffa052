import type { Command } from 'commander'
import { explain, isFault } from '@ferrite/shared/fault'
import { CommandError } from '../exit.ts'
import { textPair } from '../values.ts'

export type SettingOptions = {
  config?: string
  stateDir?: string
  listen?: string
  ramdiskListen?: string
  set?: Record<string, string>
}

/** Where the conductor's settings come from on a command line. */
export const withSettingOptions = (command: Command): Command =>
  command
    .option('--config <file>', 'configuration file, YAML (FERRITE_CONFIG)')
    .option('--state-dir <dir>', 'directory of database, keys and boot media (FERRITE_STATE_DIR)')
    .option('--listen <host:port>', 'address of the operators’ API (FERRITE_LISTEN)')
    .option('--ramdisk-listen <host:port>', 'address of the ramdisks’ API (FERRITE_RAMDISK_LISTEN)')
    .option('--set <name=value>', 'any other setting, e.g. automated_clean=false (again for more)', textPair)

/** Reads the settings with `load`; a wrong one is the operator's mistake and ends with exit code 2. */
export function settingsFrom<Result>(
  options: SettingOptions,
  load: (given: { file?: string | undefined; flags: Record<string, unknown> }) => Result,
): Result {
  const flags = {
    ...options.set,
    ...(options.stateDir !== undefined && { state_dir: options.stateDir }),
    ...(options.listen !== undefined && { listen: options.listen }),
    ...(options.ramdiskListen !== undefined && { ramdisk_listen: options.ramdiskListen }),
  }
  try {
    return load({ file: options.config, flags })
  } catch (error) {
    if (isFault(error)) throw new CommandError('usage', explain(error))
    throw error
  }
}
