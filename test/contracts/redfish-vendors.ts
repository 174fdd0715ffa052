import { merge, refusal } from './redfish-vendor-bmc.ts'
import type { Answer, Call, Tree, Vendor } from './redfish-vendor-bmc.ts'

const link = (path: string) => ({ '@odata.id': path })
const members = (...paths: string[]) => ({ Members: paths.map(link), 'Members@odata.count': paths.length })
const drive = (path: string, types: string[], more: object = {}) => ({
  [path]: {
    MediaTypes: types,
    Image: '',
    Inserted: false,
    Actions: {
      '#VirtualMedia.InsertMedia': { target: `${path}/Actions/VirtualMedia.InsertMedia` },
      '#VirtualMedia.EjectMedia': { target: `${path}/Actions/VirtualMedia.EjectMedia` },
    },
    ...more,
  },
})

type Names = { system: string; manager: string; cd?: string; stick?: string; slash?: string; drives?: object }

/** One system, its manager and two virtual drives under it; `slash` ends each path. */
function machine({ system, manager, cd = 'CD', stick = 'RemovableDisk', slash = '', drives }: Names): Tree {
  const v1 = '/redfish/v1'
  const at = (path: string) => `${v1}/${path}${slash}`
  const media = `${v1}/Managers/${manager}/VirtualMedia`
  return {
    [`${v1}/`]: {
      Systems: link(at('Systems')),
      Managers: link(at('Managers')),
      SessionService: link(at('SessionService')),
      Links: { Sessions: link(at('SessionService/Sessions')) },
    },
    [at('Systems')]: members(at(`Systems/${system}`)),
    [at('Managers')]: members(at(`Managers/${manager}`)),
    [at(`Systems/${system}`)]: {
      PowerState: 'Off',
      Boot: {
        BootSourceOverrideEnabled: 'Disabled',
        BootSourceOverrideTarget: 'None',
        BootSourceOverrideMode: 'UEFI',
        'BootSourceOverrideTarget@Redfish.AllowableValues': ['None', 'Pxe', 'Hdd', 'Cd', 'UsbCd'],
      },
      Links: { ManagedBy: [link(at(`Managers/${manager}`))] },
      Actions: { '#ComputerSystem.Reset': { target: at(`Systems/${system}/Actions/ComputerSystem.Reset`) } },
    },
    [at(`Managers/${manager}`)]: { FirmwareVersion: '1.0', VirtualMedia: link(`${media}${slash}`) },
    [`${media}${slash}`]: members(`${media}/${cd}${slash}`, `${media}/${stick}${slash}`),
    ...(drives ?? { ...drive(`${media}/${cd}`, ['CD', 'DVD']), ...drive(`${media}/${stick}`, ['Floppy', 'USBStick']) }),
  }
}

function changed(tree: Tree, path: string, change: object): Tree {
  const copy = structuredClone(tree)
  merge((copy[path] ??= {}), change as Record<string, unknown>)
  return copy
}

const bootIn = (body: Call['body']) => body?.['Boot'] as Record<string, unknown> | undefined
const isInsert = ({ path }: Call) => path.includes('InsertMedia')

/** By paths that end with a slash: those without lead there. It says who it is by a name that only it knows. */
const hpe: Vendor = {
  tree: {
    ...changed(machine({ system: '1', manager: '1', cd: '2', stick: '1', slash: '/' }), '/redfish/v1/Systems/1/', {
      Manufacturer: 'HPE',
      IndicatorLED: 'Off',
    }),
    'self-test': { changesRefused: 2 },
  },
  answers({ method, path, body }, tree) {
    if (method === 'POST' && path.startsWith('/redfish/v1/SessionService/Sessions')) {
      const location = 'https://ilo-1.mgmt.example/redfish/v1/SessionService/Sessions/admin7/'
      return { status: 201, headers: { 'x-auth-token': 't', location }, body: {} }
    }
    if (method !== 'DELETE' && !path.includes('/Actions/') && !path.endsWith('/')) {
      return { status: 308, headers: { location: `${path}/` } }
    }
    const test = tree['self-test']
    if (method === 'PATCH' && bootIn(body) && test && Number(test['changesRefused']) > 0) {
      test['changesRefused'] = Number(test['changesRefused']) - 1
      return refusal('UnableToModifyDuringSystemPOST', 'The change cannot be made while the system is in POST.')
    }
    return undefined
  },
}

/** No actions on drives: they are changed by PATCH, with the tag that they show, and all three properties. */
const lenovo: Vendor = {
  tree: machine({
    system: '1',
    manager: '1',
    cd: 'EXT1',
    stick: 'EXT2',
    drives: {
      '/redfish/v1/Managers/1/VirtualMedia/EXT1': { MediaTypes: ['CD', 'DVD'], Image: null, Inserted: false },
      '/redfish/v1/Managers/1/VirtualMedia/EXT2': { MediaTypes: ['USBStick'], Image: null, Inserted: false },
    },
  }),
  answers({ method, path, headers, body }, tree): Answer | undefined {
    if (method === 'GET' && tree[path]) return { status: 200, headers: { etag: 'W/"7"' }, body: tree[path] }
    if (method !== 'PATCH') return undefined
    if (headers['if-match'] !== '"7"') return refusal('PreconditionFailed', 'The tag does not match.', 412)
    const lacks = path.includes('VirtualMedia') && body?.['Image'] && body['WriteProtected'] === undefined
    return lacks ? refusal('PropertyMissing', 'WriteProtected is missing.') : undefined
  },
}

/** The boot lives in the settings that the system applies when it is reset; the system shows the old one. */
const settings: Vendor = {
  tree: {
    ...changed(machine({ system: '1', manager: '1' }), '/redfish/v1/Systems/1', {
      '@Redfish.Settings': { SettingsObject: link('/redfish/v1/Systems/1/Pending') },
    }),
    '/redfish/v1/Systems/1/Pending': {
      Boot: { BootSourceOverrideEnabled: 'Disabled', BootSourceOverrideTarget: 'None', BootSourceOverrideMode: 'UEFI' },
    },
  },
  answers: ({ method, path, body }) =>
    method === 'PATCH' && path === '/redfish/v1/Systems/1' && bootIn(body)
      ? refusal('PropertyNotWritable', 'The property Boot is read only.')
      : undefined,
}

/** Virtual CDs are USB drives; defaults that are spelled out are refused; a device without its mode goes to BIOS. */
const supermicro: Vendor = {
  tree: changed(machine({ system: '1', manager: '1' }), '/redfish/v1/Systems/1', {
    Manufacturer: 'Supermicro',
    Model: 'SYS-110P-WTR',
  }),
  answers(call) {
    const { method, body } = call
    if (isInsert(call) && Object.keys(body ?? {}).length > 1)
      return refusal('PropertyUnknown', 'Inserted is not known.')
    const boot = method === 'PATCH' ? bootIn(body) : undefined
    if (boot && !boot['BootSourceOverrideMode']) boot['BootSourceOverrideMode'] = 'Legacy'
    return undefined
  },
}

/** Wants more about a medium than the standard does, and says so one by one. */
const demanding: Vendor = {
  tree: machine({ system: 'Self', manager: 'Self' }),
  answers(call) {
    if (!isInsert(call)) return undefined
    const lacking = ['TransferProtocolType', 'TransferMethod', 'UserName'].find((name) => !call.body?.[name])
    const said = `The action VirtualMedia.InsertMedia requires the parameter ${lacking} to be present.`
    return lacking ? refusal('ActionParameterMissing', said, 400, { MessageArgs: [lacking] }) : undefined
  },
}

/** Knows no boot device for good, and says only that the request is bad. */
const onceOnly: Vendor = {
  tree: machine({ system: '437XR1138R2', manager: 'BMC' }),
  answers({ method, path, body }, tree) {
    const system = tree['/redfish/v1/Systems/437XR1138R2']
    const boot = bootIn(body)
    if (method === 'PATCH' && boot?.['BootSourceOverrideEnabled'] === 'Continuous')
      return refusal('PropertyValueNotInList', 'The value Continuous is not in the list of acceptable values.')
    // What is for once is forgotten as soon as the machine has booted.
    if (path.endsWith('ComputerSystem.Reset') && body?.['ResetType'] === 'On' && system)
      merge(system, { Boot: { BootSourceOverrideEnabled: 'Disabled', BootSourceOverrideTarget: 'None' } })
    return undefined
  },
}

/** Refuses a property that is so already. */
const onlyNews: Vendor = {
  tree: changed(machine({ system: '1', manager: '1' }), '/redfish/v1/Systems/1', {
    Boot: { BootSourceOverrideEnabled: 'Once' },
  }),
  answers: ({ method, body }) =>
    method === 'PATCH' && bootIn(body)?.['BootSourceOverrideEnabled'] === 'Once'
      ? refusal('PropertyValueConflict', 'The value is set already.')
      : undefined,
}

/** Says no more than it must: no lists of values, no sessions, no manager of the system. */
const terse: Vendor = {
  tree: {
    '/redfish/v1/': { Systems: link('/redfish/v1/Systems'), Managers: link('/redfish/v1/Managers') },
    '/redfish/v1/Systems': members('/redfish/v1/Systems/one'),
    '/redfish/v1/Managers': members('/redfish/v1/Managers/one'),
    '/redfish/v1/Managers/one': { VirtualMedia: link('/redfish/v1/Managers/one/VirtualMedia') },
    '/redfish/v1/Managers/one/VirtualMedia': members('/redfish/v1/vm/1', '/redfish/v1/vm/2'),
    ...drive('/redfish/v1/vm/1', ['CD']),
    ...drive('/redfish/v1/vm/2', ['Floppy'], { Inserted: null }),
    '/redfish/v1/Systems/one': {
      PowerState: 'Off',
      Boot: { BootSourceOverrideEnabled: 'Once', BootSourceOverrideTarget: 'None' },
      Actions: { '#ComputerSystem.Reset': { target: '/redfish/v1/Systems/one/Actions/ComputerSystem.Reset' } },
    },
  },
}

/**
 * Virtual machines behind an emulator: drives under the system, a CD drive that is there only with a medium in it, boot
 * devices for good whatever was asked, the disk next after each eject, and a boot mode that exchanges the firmware.
 */
const emulator: Vendor = {
  tree: {
    ...changed(machine({ system: 'a0', manager: 'a0' }), '/redfish/v1/Systems/a0', {
      Manufacturer: 'Emulator',
      VirtualMedia: link('/redfish/v1/Systems/a0/VirtualMedia'),
      Boot: {
        BootSourceOverrideEnabled: 'Continuous',
        BootSourceOverrideTarget: 'Hdd',
        'BootSourceOverrideTarget@Redfish.AllowableValues': ['Pxe', 'Cd', 'Hdd'],
      },
    }),
    '/redfish/v1/Systems/a0/VirtualMedia': members(
      '/redfish/v1/Systems/a0/VirtualMedia/Cd',
      '/redfish/v1/Systems/a0/VirtualMedia/Floppy',
    ),
    ...drive('/redfish/v1/Systems/a0/VirtualMedia/Cd', ['CD', 'DVD'], { ConnectedVia: 'URI' }),
    ...drive('/redfish/v1/Systems/a0/VirtualMedia/Floppy', ['Floppy', 'USBStick'], { ConnectedVia: 'URI' }),
    firmware: { file: 'the operator’s own' },
  },
  answers({ method, path, body }, tree): Answer | undefined {
    const boot = bootIn(body)
    if (path.endsWith('EjectMedia')) {
      merge(tree['/redfish/v1/Systems/a0'] ?? {}, { Boot: { BootSourceOverrideTarget: 'Hdd' } })
      return undefined
    }
    if (method !== 'PATCH' || !boot) return undefined
    if (boot['BootSourceOverrideMode']) tree['firmware'] = { file: 'the emulator’s default' }
    if (boot['BootSourceOverrideEnabled']) boot['BootSourceOverrideEnabled'] = 'Continuous'
    const isEmpty = !tree['/redfish/v1/Systems/a0/VirtualMedia/Cd']?.['Image']
    return boot['BootSourceOverrideTarget'] === 'Cd' && isEmpty
      ? refusal('GeneralError', 'Target libvirt device Cd does not exist in domain a0', 500)
      : undefined
  },
}

/** A boot device that comes without its mode makes it leave the mode that it shows; no maker says so. */
const leavesMode: Vendor = {
  tree: machine({ system: '1', manager: '1' }),
  answers({ method, body }) {
    const boot = method === 'PATCH' ? bootIn(body) : undefined
    if (boot && !boot['BootSourceOverrideMode']) boot['BootSourceOverrideMode'] = 'Legacy'
    return undefined
  },
}

export const vendors = { hpe, lenovo, settings, supermicro, demanding, onceOnly, onlyNews, terse, emulator, leavesMode }
export { machine }
