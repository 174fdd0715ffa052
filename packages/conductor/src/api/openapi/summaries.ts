import type { DeclaredRoute } from '../route.ts'

/** Calls whose paths do not say what they do. */
const told: Readonly<Record<string, string>> = {
  'GET /': 'The versions that are served',
  'GET /v1': 'The resources that this version has',
  'GET /livez': 'Is the process alive',
  'GET /readyz': 'Can it work',
  'GET /metrics': 'Figures for Prometheus',
  'GET /openapi.json': 'This document',
  'GET /docs': 'This document, to read',
  'GET /v1/lookup': 'A ramdisk finds its node, and gets its token',
  'POST /v1/heartbeat/:ident': 'An agent says that it lives, and where',
  'POST /v1/continue_inspection': 'A ramdisk tells what it found',
  'POST /v1/events': 'Somebody else tells what happened, such as a port that was bound',
  'GET /v1/volume': 'The kinds of volume resources',
  'GET /v1/nodes/validate': 'Ask whether all is there that a node needs',
  'POST /ferrite/v1/progress': 'An agent tells how far it is',
  'GET /ferrite/v1/events': 'What happens, as server-sent events',
  'GET /ferrite/v1/media/:name': 'A boot medium',
  'GET /ferrite/v1/boot/boot.ipxe': 'The iPXE script of every machine: it finds the one of its own',
  'GET /ferrite/v1/boot/mac/:mac': 'The iPXE script of the machine with this MAC address',
  'GET /ferrite/v1/boot/loader/:name': 'A boot loader',
  'GET /ferrite/v1/boot/node/:uuid/:epoch/:name': 'A file of one boot: script, kernel, ramdisk',
  'GET /v1/drivers/:name/raid/logical_disk_properties': 'What a logical disk of a RAID may be told',
}

/** The same for what follows a node. */
const toldOfNode: Readonly<Record<string, string>> = {
  'PUT states/provision': 'Order a provision verb: manage, provide, active, deleted, clean, rescue …',
  'PUT states/power': 'Order a power state',
  'PUT states/console': 'Start or stop the console of a node',
  'PUT states/secure_boot': 'Turn secure boot of a node on or off',
  'PUT states/raid': 'Set the RAID that a node is to get',
  'PUT maintenance': 'Put a node into maintenance',
  'DELETE maintenance': 'Take a node out of maintenance',
  'GET validate': 'Ask whether all is there that a node needs',
  'PUT traits': 'Replace all traits of a node',
  'PUT traits/:trait': 'Add a trait to a node',
  'DELETE traits/:trait': 'Take a trait from a node',
  'POST vifs': 'Attach a VIF to a node',
  'DELETE vifs/:vif': 'Detach a VIF from a node',
  'GET bios': 'List BIOS settings of a node',
  'GET bios/:setting': 'Show a BIOS setting of a node',
  'GET firmware': 'List firmware versions of a node',
  'GET history/detail': 'List the history of a node with all fields',
  'GET history/:event': 'Show an entry of the history of a node',
  'GET children': 'List children of a node',
  'GET management/boot_device/supported': 'List boot devices that a node supports',
  'PUT management/inject_nmi': 'Send a node an NMI',
  'GET vmedia': 'List virtual media of a node',
  'POST vmedia': 'Attach a virtual medium to a node',
  'DELETE vmedia': 'Detach virtual media from a node',
  'GET volume': 'The kinds of volume resources',
  'GET check': 'Show what the last check of a node found',
  'POST check': 'Try all that a boot of a node needs, but power',
  'GET sensors': 'Read the sensors of a node',
  'PUT identify': 'Light the lamp of a node, or put it out',
  'GET progress': 'Show how far an image write is',
}

/** Collections, and what one of each is called. */
const one: Readonly<Record<string, string>> = {
  nodes: 'node',
  ports: 'port',
  portgroups: 'port group',
  chassis: 'chassis',
  connectors: 'volume connector',
  targets: 'volume target',
  allocations: 'allocation',
  deploy_templates: 'deploy template',
  runbooks: 'runbook',
  inspection_rules: 'inspection rule',
  shards: 'shard',
  drivers: 'driver',
  conductors: 'conductor',
  traits: 'trait',
  vifs: 'VIF',
  indicators: 'indicator',
}
const many = (collection: string): string => (collection === 'chassis' ? 'chassis' : `${one[collection]}s`)

/** One line on what a route does. */
export function aboutRoute({ method, path }: Pick<DeclaredRoute, 'method' | 'path'>): string {
  if (method === 'HEAD') return `The same without the content: ${lower(aboutRoute({ method: 'GET', path }))}`
  const parts = path.split('/').filter((part) => part !== '' && part !== 'v1' && part !== 'ferrite')
  const [owner = '', key = '', ...rest] = parts
  const isOfOne = rest.length > 0 && key.startsWith(':') && one[owner] !== undefined
  const own = told[`${method} ${path}`] ?? (owner === 'nodes' ? toldOfNode[`${method} ${rest.join('/')}`] : undefined)
  return own ?? (isOfOne ? `${deed(method, rest)} of ${withArticle(one[owner] ?? '')}` : deed(method, parts))
}

const onCollections: Readonly<Record<string, (name: string) => string>> = {
  GET: (name) => `List ${many(name)}`,
  POST: (name) => `Create ${withArticle(one[name] ?? '')}`,
  PUT: (name) => `Replace all ${many(name)}`,
  DELETE: (name) => `Delete all ${many(name)}`,
}
const verbs: Readonly<Record<string, string>> = {
  GET: 'Show',
  POST: 'Call',
  PUT: 'Set',
  PATCH: 'Change',
  DELETE: 'Delete',
}

function deed(method: string, parts: readonly string[]): string {
  const last = parts.at(-1) ?? ''
  const before = parts.at(-2) ?? ''
  if (one[last] !== undefined) return onCollections[method]?.(last) ?? `${method} ${many(last)}`
  if (last === 'detail') return `List ${many(before)} with all fields`
  if (last.startsWith(':') && one[before] !== undefined) return `${verbs[method]} ${withArticle(one[before])}`
  if (parts.includes('vendor_passthru')) return last === 'methods' ? 'List vendor methods' : 'Call a vendor method'
  const words = parts.filter((part) => !['management', 'states'].includes(part) || parts.length === 1)
  const thing = words.map((part) => (part.startsWith(':') ? part.slice(1) : part)).join(' ')
  return `${verbs[method]} the ${thing.replaceAll(/[_-]/g, ' ')}`
}

const withArticle = (noun: string): string => `${/^[aeiou]/.test(noun) ? 'an' : 'a'} ${noun}`
const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)
