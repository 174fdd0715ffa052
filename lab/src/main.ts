import { parseArgs } from 'node:util'
import { explain } from '@ferrite/shared/fault'
import { formatBytes, MiB } from '@ferrite/shared/units'
import { startLab } from './lab.ts'
import type { Lab } from './lab.ts'

const help = `Usage: pnpm lab up [--machines N] [--disk-mib N] [--dir DIR] [--no-conductor]

Starts machines with Redfish BMCs, a switch and an image server on loopback, and a conductor in front of them.
Ctrl-C stops everything and removes its files (those in --dir stay).
`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: {
    machines: { type: 'string', default: '1' },
    'disk-mib': { type: 'string', default: '8192' },
    dir: { type: 'string' },
    conductor: { type: 'boolean', default: true },
    help: { type: 'boolean', default: false },
  },
})

if (values.help || positionals[0] !== 'up') {
  process.stdout.write(help)
  process.exitCode = values.help ? 0 : 2
} else {
  await up().catch((error: unknown) => {
    process.stderr.write(`the lab cannot start: ${explain(error)}\n`)
    process.exitCode = 1
  })
}

async function up(): Promise<void> {
  const stopped = Promise.withResolvers<void>()
  // Before anything starts, so that an early Ctrl-C cleans up too.
  process.once('SIGINT', () => stopped.resolve())
  process.once('SIGTERM', () => stopped.resolve())
  const diskBytes = Number(values['disk-mib']) * MiB
  await using lab = await startLab({
    machines: Array.from({ length: Number(values.machines) }, () => ({ diskBytes })),
    ...(values.conductor ? {} : { conductor: false }),
    ...(values.dir === undefined ? {} : { dir: values.dir }),
  })
  process.stdout.write(description(lab))
  for (const { machine } of lab.machines) {
    machine.onChange(() =>
      process.stdout.write(`${machine.name}: ${machine.state}${machine.reason && ` (${machine.reason})`}\n`),
    )
  }
  await stopped.promise
  process.stdout.write('\nstopping …\n')
}

function description(lab: Lab): string {
  const api = values.conductor ? lab.conductor.url : undefined
  const machines = lab.machines.map(
    ({ machine, bmc }) =>
      `  ${machine.name}  BMC ${bmc.url} (${bmc.account.username}/${bmc.account.password})  ` +
      `MAC ${machine.macs.join(', ')}  disk ${machine.disk.path} (${formatBytes(machine.disk.sizeBytes)})`,
  )
  return `${api ? `conductor     ${api}   log ${lab.conductor.logFile}\n` : ''}images        ${lab.images.url}
deploy_iso    ${lab.deployIso}
switch        ${lab.switch.url}
files         ${lab.dir}
machines
${machines.join('\n')}
${api ? usage(lab, api) : ''}
Ctrl-C stops everything.
`
}

function usage(lab: Lab, api: string): string {
  const [first] = lab.machines
  if (!first) return ''
  const { machine, bmc } = first
  return `
With Debian's client (python3-ironicclient):
  export OS_AUTH_TYPE=none OS_ENDPOINT=${api}
  baremetal node create --driver redfish --name ${machine.name} --network-interface flat \\
    --driver-info redfish_address=${bmc.url} --driver-info redfish_username=${bmc.account.username} \\
    --driver-info redfish_password=${bmc.account.password} --driver-info deploy_iso=${lab.deployIso}
  baremetal port create ${machine.macs[0]} --node $(baremetal node show ${machine.name} -f value -c uuid)
  baremetal node manage ${machine.name} --wait && baremetal node provide ${machine.name} --wait
  baremetal node set ${machine.name} --instance-info image_source=URL --instance-info image_os_hash_algo=sha256 \\
    --instance-info image_os_hash_value=HEX --instance-info image_disk_format=raw
  baremetal node deploy ${machine.name} --wait
With our own: FERRITE_URL=${api} pnpm ferrite node list
`
}
