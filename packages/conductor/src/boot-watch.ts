import type { BootSide } from './boot-wiring.ts'
import type { Config } from './config.ts'
import type { Periodic } from './periodic/table.ts'
import { watchBoots } from './periodic/watch-boots.ts'
import type { ProvisionParts } from './provision/parts.ts'
import type { TaskParts } from './work/task.ts'

/** The periodic job that ends boots which go nowhere. */
export const bootWatch = (config: Config, parts: ProvisionParts & TaskParts, boot: BootSide): Periodic =>
  watchBoots({
    ...parts,
    tracer: boot.tracer,
    seesDhcp: boot.seesDhcp,
    dhcpTrouble: () => boot.dhcpTrouble(),
    bootUrl: () => boot.bootUrl(),
    everyMs: config.check_provision_state_interval * 1000,
    firmwareMs: config.boot_firmware_timeout * 1000,
    stageMs: config.boot_stage_timeout * 1000,
    since: parts.clock.now(),
  })
