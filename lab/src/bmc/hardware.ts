import { arch } from 'node:os'
import type { Machine } from '../machine.ts'
import { collection, link, status } from './forms.ts'
import { paths } from './paths.ts'
import type { BmcState } from './state.ts'

export const processor = 'Lab processor'

/** The parts of a machine, for whoever inspects it by its BMC. */
export function hardware(machine: Machine, state: BmcState): Record<string, object> {
  const processors = `${paths.system}/Processors`
  const storage = `${paths.system}/SimpleStorage`
  return {
    [processors]: collection(processors, 'Processor', [`${processors}/CPU1`]),
    [`${processors}/CPU1`]: cpu(`${processors}/CPU1`),
    [storage]: collection(storage, 'SimpleStorage', [`${storage}/1`]),
    [`${storage}/1`]: disks(`${storage}/1`, machine),
    [paths.secureBoot]: secureBoot(state),
    [`${paths.chassis}/Thermal`]: thermal(machine),
  }
}

const cpu = (path: string) => ({
  '@odata.id': path,
  '@odata.type': '#Processor.v1_3_0.Processor',
  Id: 'CPU1',
  Name: processor,
  Socket: 'CPU 1',
  ProcessorType: 'CPU',
  ProcessorArchitecture: arch() === 'arm64' ? 'ARM' : 'x86',
  InstructionSet: arch() === 'arm64' ? 'ARM-A64' : 'x86-64',
  Model: processor,
  TotalCores: 1,
  TotalThreads: 1,
  Status: status,
})

const disks = (path: string, { disk }: Machine) => ({
  '@odata.id': path,
  '@odata.type': '#SimpleStorage.v1_2_0.SimpleStorage',
  Id: '1',
  Name: 'Disks',
  Devices: [{ Name: 'Disk 1', Manufacturer: 'Ferrite Lab', CapacityBytes: disk.sizeBytes, Status: status }],
  Status: status,
})

const secureBoot = ({ secureBoot: isOn }: BmcState) => ({
  '@odata.id': paths.secureBoot,
  '@odata.type': '#SecureBoot.v1_0_6.SecureBoot',
  Id: 'SecureBoot',
  Name: 'UEFI Secure Boot',
  SecureBootEnable: isOn,
  // The firmware holds no keys, so what is asked for has no effect.
  SecureBootCurrentBoot: 'Disabled',
  SecureBootMode: 'SetupMode',
})

const thermal = ({ power }: Machine) => {
  const path = `${paths.chassis}/Thermal`
  const isOn = power === 'On'
  const part = (list: string, name: string) => ({
    ...link(`${path}#/${list}/0`),
    MemberId: '0',
    Name: name,
    Status: status,
  })
  return {
    '@odata.id': path,
    '@odata.type': '#Thermal.v1_5_0.Thermal',
    Id: 'Thermal',
    Name: 'Thermal',
    Temperatures: [{ ...part('Temperatures', 'CPU 1'), ReadingCelsius: isOn ? 45 : 22, PhysicalContext: 'CPU' }],
    Fans: [{ ...part('Fans', 'Fan 1'), Reading: isOn ? 4200 : 0, ReadingUnits: 'RPM' }],
  }
}
