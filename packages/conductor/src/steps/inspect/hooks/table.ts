import { Fault } from '@ferrite/shared/fault'
import { GiB } from '@ferrite/shared/units'
import type { HookName } from '../../../core/findings.ts'
import { setCapabilities, within, type Inspection } from '../inspection.ts'
import { extraHardware } from './extra-hardware.ts'
import type { Hook } from './hook.ts'
import { localLinkConnection } from './local-link-connection.ts'
import { ports } from './ports.ts'
import { validateInterfaces } from './validate-interfaces.ts'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))
const lacks = (what: string): Fault => new Fault('step_failed', `Invalid inventory: it has no ${what}`)

const ramdiskError: Hook = {
  preprocess({ plugin: { error } }) {
    if (error) throw new Fault('step_failed', `Ramdisk reported error: ${textOf(error).slice(0, 2000)}`)
  },
}

const architecture: Hook = {
  run({ inventory, draft }) {
    const found = within(inventory, 'cpu', 'architecture')
    if (typeof found !== 'string' || found === '') throw lacks('CPU architecture')
    draft.properties['cpu_arch'] = found
  },
}

const bootMode: Hook = {
  run({ inventory, draft }) {
    const found = within(inventory, 'boot', 'current_boot_mode')
    if (typeof found === 'string') setCapabilities(draft, { boot_mode: found })
  },
}

// Ironic's names for what the flags of a processor mean.
const capabilities: Readonly<Record<string, string>> = {
  vmx: 'cpu_vt',
  svm: 'cpu_vt',
  aes: 'cpu_aes',
  pse: 'cpu_hugepages',
  pdpe1gb: 'cpu_hugepages_1g',
  smx: 'cpu_txt',
}

const cpuCapabilities: Hook = {
  run({ inventory, draft }) {
    const flags = within(inventory, 'cpu', 'flags')
    if (!Array.isArray(flags)) return
    const found = Object.entries(capabilities).filter(([flag]) => flags.includes(flag))
    setCapabilities(draft, Object.fromEntries(found.map(([, name]) => [name, 'true'])))
  },
}

const cpus: Hook = {
  run({ inventory, draft }) {
    const count = Number(within(inventory, 'cpu', 'count') ?? 0)
    if (Number.isInteger(count) && count > 0) draft.properties['cpus'] = count
  },
}

const memory: Hook = {
  run({ inventory, draft }) {
    const found = within(inventory, 'memory', 'physical_mb')
    if (typeof found !== 'number') throw lacks('physical memory')
    draft.properties['memory_mb'] = found
  },
}

/** One GiB is left for partition tables and config drives, as Ironic's schedulers expect. */
const rootDevice: Hook = {
  run({ plugin, draft }: Inspection) {
    const size = within(plugin, 'root_disk', 'size')
    if (typeof size === 'number') draft.properties['local_gb'] = Math.max(0, Math.floor(size / GiB) - 1)
  },
}

export const hooks: Readonly<Record<HookName, Hook>> = {
  'ramdisk-error': ramdiskError,
  'validate-interfaces': validateInterfaces,
  ports,
  architecture,
  'boot-mode': bootMode,
  'cpu-capabilities': cpuCapabilities,
  cpus,
  memory,
  'root-device': rootDevice,
  'local-link-connection': localLinkConnection,
  'extra-hardware': extraHardware,
}
