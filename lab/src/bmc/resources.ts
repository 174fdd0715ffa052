import { totalmem } from 'node:os'
import type { Machine } from '../machine.ts'
import { hardware, processor } from './hardware.ts'
import { link, collection, status } from './forms.ts'
import { actions, paths, root } from './paths.ts'
import type { BmcState } from './state.ts'
import { taskBody } from './tasks.ts'

export const resetTypes = [
  'On',
  'ForceOff',
  'GracefulShutdown',
  'GracefulRestart',
  'ForceRestart',
  'PushPowerButton',
] as const
export type ResetType = (typeof resetTypes)[number]
export const bootTargets = ['None', 'Pxe', 'Cd', 'Hdd', 'Usb', 'BiosSetup'] as const

/** Every readable resource of the BMC, by path without a slash at the end. */
export function resourcesOf(machine: Machine, state: BmcState): Record<string, object> {
  return {
    '/redfish': { v1: `${root}/` },
    [`${root}/odata`]: serviceDocument,
    [root]: serviceRoot(machine),
    [`${root}/Systems`]: collection(`${root}/Systems`, 'ComputerSystem', [paths.system]),
    [paths.system]: system(machine, state),
    [`${paths.system}/EthernetInterfaces`]: collection(
      `${paths.system}/EthernetInterfaces`,
      'EthernetInterface',
      machine.macs.map((_, i) => `${paths.system}/EthernetInterfaces/${i + 1}`),
    ),
    ...Object.fromEntries(
      machine.macs.map((mac, i) => [`${paths.system}/EthernetInterfaces/${i + 1}`, ethernet(mac, i + 1)]),
    ),
    [`${root}/Chassis`]: collection(`${root}/Chassis`, 'Chassis', [paths.chassis]),
    [paths.chassis]: chassis(machine, state),
    [`${root}/Managers`]: collection(`${root}/Managers`, 'Manager', [paths.manager]),
    [paths.manager]: manager(state),
    [state.mediaPath]: collection(
      state.mediaPath,
      'VirtualMedia',
      state.slots.map((slot) => `${state.mediaPath}/${slot}`),
    ),
    ...Object.fromEntries(state.slots.map((slot) => [`${state.mediaPath}/${slot}`, medium(slot, machine, state)])),
    [`${root}/SessionService`]: sessionService,
    [paths.sessions]: collection(
      paths.sessions,
      'Session',
      [...state.sessions.keys()].map((id) => `${paths.sessions}/${id}`),
    ),
    ...Object.fromEntries(
      [...state.sessions.keys()].map((id) => [`${paths.sessions}/${id}`, sessionBody(id, state.userName)]),
    ),
    [`${root}/TaskService`]: taskService,
    [paths.tasks]: collection(
      paths.tasks,
      'Task',
      [...state.tasks.keys()].map((id) => `${paths.tasks}/${id}`),
    ),
    ...Object.fromEntries([...state.tasks].map(([id, task]) => [`${paths.tasks}/${id}`, taskBody(id, task.state)])),
    ...hardware(machine, state),
  }
}

const serviceDocument = {
  '@odata.context': `${root}/$metadata`,
  value: [
    { name: 'Service', kind: 'Singleton', url: `${root}/` },
    ...['Systems', 'Chassis', 'Managers', 'SessionService', 'TaskService'].map((name) => ({
      name,
      kind: 'Singleton',
      url: `${root}/${name}`,
    })),
  ],
}

const serviceRoot = (machine: Machine) => ({
  '@odata.id': `${root}/`,
  '@odata.type': '#ServiceRoot.v1_5_0.ServiceRoot',
  Id: 'RootService',
  Name: 'Root Service',
  RedfishVersion: '1.6.0',
  UUID: machine.uuid,
  Systems: link(`${root}/Systems`),
  Chassis: link(`${root}/Chassis`),
  Managers: link(`${root}/Managers`),
  SessionService: link(`${root}/SessionService`),
  Tasks: link(`${root}/TaskService`),
  Links: { Sessions: link(paths.sessions) },
})

const system = (machine: Machine, state: BmcState) => ({
  '@odata.id': paths.system,
  '@odata.type': '#ComputerSystem.v1_10_0.ComputerSystem',
  Id: '1',
  Name: machine.name,
  SystemType: 'Physical',
  Manufacturer: 'Ferrite Lab',
  Model: machine.model,
  SerialNumber: machine.uuid.slice(0, 8),
  UUID: machine.uuid,
  Status: status,
  IndicatorLED: state.lamps.system,
  PowerState: state.shownPower(machine.power),
  Boot: {
    BootSourceOverrideEnabled: machine.override.enabled,
    BootSourceOverrideTarget: machine.override.target,
    BootSourceOverrideMode: machine.override.mode,
    'BootSourceOverrideTarget@Redfish.AllowableValues': bootTargets,
  },
  BiosVersion: 'lab-1',
  ProcessorSummary: { Count: 1, LogicalProcessorCount: 1, Model: processor, Status: status },
  MemorySummary: { TotalSystemMemoryGiB: (state.memoryBytes ?? totalmem()) / 2 ** 30, Status: status },
  Processors: link(`${paths.system}/Processors`),
  SimpleStorage: link(`${paths.system}/SimpleStorage`),
  SecureBoot: link(paths.secureBoot),
  EthernetInterfaces: link(`${paths.system}/EthernetInterfaces`),
  ...(state.mediaUnder !== 'manager' ? { VirtualMedia: link(state.mediaPath) } : {}),
  Links: { Chassis: [link(paths.chassis)], ManagedBy: [link(paths.manager)] },
  Actions: {
    '#ComputerSystem.Reset': {
      target: actions.reset,
      'ResetType@Redfish.AllowableValues': resetTypes,
    },
  },
})

const ethernet = (mac: string, id: number) => ({
  '@odata.id': `${paths.system}/EthernetInterfaces/${id}`,
  '@odata.type': '#EthernetInterface.v1_5_0.EthernetInterface',
  Id: String(id),
  Name: `NIC ${id}`,
  MACAddress: mac,
  PermanentMACAddress: mac,
  Status: status,
  LinkStatus: 'LinkUp',
})

const chassis = (machine: Machine, state: BmcState) => ({
  '@odata.id': paths.chassis,
  '@odata.type': '#Chassis.v1_10_0.Chassis',
  Id: '1',
  Name: machine.name,
  ChassisType: 'RackMount',
  Manufacturer: 'Ferrite Lab',
  IndicatorLED: state.lamps.chassis,
  Thermal: link(`${paths.chassis}/Thermal`),
  PowerState: state.shownPower(machine.power),
  Status: status,
  Links: { ComputerSystems: [link(paths.system)], ManagedBy: [link(paths.manager)] },
})

const manager = (state: BmcState) => ({
  '@odata.id': paths.manager,
  '@odata.type': '#Manager.v1_5_0.Manager',
  Id: '1',
  Name: 'Manager',
  ManagerType: 'BMC',
  FirmwareVersion: '1.0',
  Status: status,
  ...(state.mediaUnder !== 'system' ? { VirtualMedia: link(state.mediaPath) } : {}),
  Links: { ManagerForServers: [link(paths.system)], ManagerForChassis: [link(paths.chassis)] },
})

const medium = (slot: string, machine: Machine, state: BmcState) => {
  const image = machine.media.get(slot)
  const path = `${state.mediaPath}/${slot}`
  return {
    '@odata.id': path,
    '@odata.type': '#VirtualMedia.v1_3_0.VirtualMedia',
    Id: slot,
    Name: `Virtual ${slot}`,
    MediaTypes: slot === 'Cd' ? ['CD', 'DVD'] : ['USBStick', 'Floppy'],
    Image: image ?? '',
    ImageName: image ? (new URL(image).pathname.split('/').pop() ?? '') : '',
    Inserted: image !== undefined,
    WriteProtected: true,
    ConnectedVia: image ? 'URI' : 'NotConnected',
    Actions: {
      '#VirtualMedia.InsertMedia': { target: `${path}/Actions/VirtualMedia.InsertMedia` },
      '#VirtualMedia.EjectMedia': { target: `${path}/Actions/VirtualMedia.EjectMedia` },
    },
  }
}

export const sessionBody = (id: string, userName: string) => ({
  '@odata.id': `${paths.sessions}/${id}`,
  '@odata.type': '#Session.v1_1_0.Session',
  Id: id,
  Name: 'User Session',
  UserName: userName,
})

const sessionService = {
  '@odata.id': `${root}/SessionService`,
  '@odata.type': '#SessionService.v1_1_6.SessionService',
  Id: 'SessionService',
  Name: 'Session Service',
  Status: status,
  ServiceEnabled: true,
  SessionTimeout: 600,
  Sessions: link(paths.sessions),
}

const taskService = {
  '@odata.id': `${root}/TaskService`,
  '@odata.type': '#TaskService.v1_1_4.TaskService',
  Id: 'TaskService',
  Name: 'Task Service',
  Status: status,
  ServiceEnabled: true,
  Tasks: link(paths.tasks),
}
