import type { PortRecord } from '@ferrite/shared/contracts/ports'
import { Fault } from '@ferrite/shared/fault'
import { setCapabilities, type Bag, type Inspection } from '../inspection.ts'
import { deleteAt, extendAt, setAt } from './paths.ts'

type Action = { args: readonly string[]; run(inspection: Inspection, args: Bag): void | Promise<void> }

const text = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value ?? null))
const path = ['path', 'value'] as const

/** What rules may do. */
export const actions: Readonly<Record<string, Action>> = {
  fail: {
    args: ['msg'],
    run: (_, { msg }) => {
      throw new Fault('step_failed', text(msg))
    },
  },
  log: {
    args: ['msg', 'level'],
    run: ({ task }, { msg, level }) =>
      task.log[level === 'warning' || level === 'error' || level === 'critical' ? 'warn' : 'info'](
        { said: text(msg).slice(0, 2000) },
        'inspection rule says',
      ),
  },
  'set-attribute': { args: path, run: ({ draft }, args) => setAt(draft, checked(draft, args), args['value']) },
  'extend-attribute': {
    args: [...path, 'unique'],
    run: ({ draft }, args) => extendAt(draft, checked(draft, args), args['value'], args['unique'] === true),
  },
  'del-attribute': { args: ['path'], run: ({ draft }, args) => deleteAt(draft, checked(draft, args)) },
  'set-capability': {
    args: ['name', 'value'],
    run: ({ draft }, { name, value }) => setCapabilities(draft, { [text(name)]: text(value) }),
  },
  'unset-capability': { args: ['name'], run: ({ draft }, { name }) => setCapabilities(draft, { [text(name)]: null }) },
  'add-trait': { args: ['name'], run: ({ draft }, { name }) => addTrait(draft, text(name)) },
  'remove-trait': {
    args: ['name'],
    run: ({ draft }, { name }) => {
      draft.traits = draft.traits.filter((trait) => trait !== name)
    },
  },
  'set-plugin-data': { args: path, run: ({ plugin }, args) => setAt(plugin, text(args['path']), args['value']) },
  'extend-plugin-data': {
    args: [...path, 'unique'],
    run: ({ plugin }, args) => extendAt(plugin, text(args['path']), args['value'], args['unique'] === true),
  },
  'unset-plugin-data': { args: ['path'], run: ({ plugin }, args) => deleteAt(plugin, text(args['path'])) },
  'set-port-attribute': {
    args: ['port_id', ...path],
    run: (inspection, args) => changePort(inspection, args, (port) => setAt(port, text(args['path']), args['value'])),
  },
  'extend-port-attribute': {
    args: ['port_id', ...path, 'unique'],
    run: (inspection, args) =>
      changePort(inspection, args, (port) =>
        extendAt(port, text(args['path']), args['value'], args['unique'] === true),
      ),
  },
  'del-port-attribute': {
    args: ['port_id', 'path'],
    run: (inspection, args) => changePort(inspection, args, (port) => deleteAt(port, text(args['path']))),
  },
  'api-call': {
    args: ['url'],
    run: () => {
      throw new Fault('unsupported', 'inspection rules cannot call other services')
    },
  },
}

/** Only what an inspection may change of a node; `/properties/…` and the like. */
function checked(draft: object, { path: given }: Bag): string {
  const root = text(given).replace(/^\//, '').split(/[/.]/)[0] ?? ''
  if (Object.hasOwn(draft, root)) return text(given)
  throw new Fault('invalid', `rules cannot change ${root.slice(0, 64)} of a node`)
}

function addTrait(draft: Inspection['draft'], name: string): void {
  if (!/^[A-Z][A-Z0-9_]{0,254}$/.test(name)) throw new Fault('invalid', `${name.slice(0, 64)} is no trait`)
  draft.traits = [...new Set([...draft.traits, name])].toSorted()
}

const portFields = ['extra', 'is_smartnic', 'local_link_connection', 'name', 'physical_network', 'pxe_enabled'] as const

async function changePort({ task, findings }: Inspection, args: Bag, change: (port: Bag) => void): Promise<void> {
  const id = text(args['port_id'])
  const port = (await findings.ports(task.node.uuid)).find((one) => one.uuid === id || one.address === id.toLowerCase())
  if (!port) throw new Fault('not_found', `the node has no port ${id.slice(0, 64)}`)
  const before: Bag = Object.fromEntries(portFields.map((name) => [name, port[name]]))
  const after = structuredClone(before)
  checked(after, args)
  change(after)
  const set = Object.fromEntries(
    Object.entries(after).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name])),
  )
  await task.effect('change a port', () => findings.updatePort(port.uuid, set as Partial<PortRecord>))
}
