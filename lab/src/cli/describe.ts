import { formatBytes } from '@ferrite/shared/units'
import type { LabView } from './lab-view.ts'

const kinds = { vm: 'virtual machines (QEMU)', process: 'processes' }

/** A lab in words: where everything is, and what it does now. */
export function describeLab(view: LabView): string {
  const { conductor } = view
  return [
    `machines      ${kinds[view.machines_as]}, networks: ${view.networks_as}`,
    ...(conductor ? [`conductor     ${conductor.url}   log ${conductor.log}`] : []),
    `images        ${view.images}`,
    ...(view.image ? [`image         ${view.image.url}   ${view.image.description}`] : []),
    `deploy_iso    ${view.deploy_iso}`,
    `switch        ${view.switch}`,
    `files         ${view.dir}`,
    ...view.machines.flatMap(machineLines),
    '',
  ].join('\n')
}

function machineLines(machine: LabView['machines'][number]): string[] {
  const { bmc } = machine
  const doing = `${machine.state}${machine.reason && ` (${machine.reason})`}`
  return [
    '',
    `${machine.name}   power ${machine.power}, ${doing}; network ${machine.network ?? 'none'}`,
    `  BMC      ${bmc.kind} ${bmc.address} (${bmc.username}/${bmc.password})`,
    `  MAC      ${machine.macs.join(', ')}${machine.firmware ? `   firmware ${machine.firmware}` : ''}`,
    `  disk     ${machine.disk} (${formatBytes(machine.disk_bytes)})`,
    `  console  ${machine.console_log}`,
  ]
}

/** How to deploy a machine of it. */
export function howToUse({ conductor, image, machines: [first] }: LabView): string {
  if (!conductor || !first) return ''
  const info = Object.entries(first.node['driver_info'] as Record<string, unknown>)
  const words = info.map(([key, value]) => `--driver-info ${key}=${quoted(String(value))}`)
  const rows = Array.from({ length: Math.ceil(words.length / 2) }, (_, i) => words.slice(i * 2, i * 2 + 2).join(' '))
  return `
With Debian's client (python3-ironicclient):
  export OS_AUTH_TYPE=none OS_ENDPOINT=${conductor.url}
  baremetal node create --driver ${String(first.node['driver'])} --name ${first.name} --network-interface ${String(first.node['network_interface'])} \\
    ${rows.join(' \\\n    ')}
  baremetal port create ${first.macs[0]}${linkOf(first.port)} --node $(baremetal node show ${first.name} -f value -c uuid)
  baremetal node manage ${first.name} --wait && baremetal node provide ${first.name} --wait
  baremetal node set ${first.name} --instance-info image_source=${image?.url ?? 'URL'} \\
    --instance-info image_os_hash_algo=sha256 --instance-info image_os_hash_value=${image?.sha256 ?? 'HEX'} \\
    --instance-info image_disk_format=raw
  baremetal node deploy ${first.name} --wait
With our own: FERRITE_URL=${conductor.url} pnpm ferrite node list
`
}

const linkOf = ({ local_link_connection: link }: Record<string, unknown>): string =>
  Object.entries(link ?? {})
    .map(([key, value]) => ` --local-link-connection ${key}=${String(value)}`)
    .join('')

const quoted = (text: string): string =>
  /^[\w./:@=-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`
