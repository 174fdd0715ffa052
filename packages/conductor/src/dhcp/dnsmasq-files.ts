import { access, constants, mkdir, open, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import { explain, Fault } from '@ferrite/shared/fault'
import { pxeTag, type DhcpBoot, type DhcpProvider } from './provider.ts'

export type DnsmasqFiles = {
  hostsDir: string
  optsDir: string
  trouble(): string | undefined
}

const macForm = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/
const uuidForm = /^[0-9a-f-]{36}$/

/**
 * Tells a running dnsmasq, by a file for each port and one for the node. It reads new and changed files by itself
 * (inotify), the newest word counts. It is not restarted for that, and never told to reload: on SIGHUP, dnsmasq 2.90
 * with a dhcp-hostsdir and a live lease crashes.
 */
export function dnsmasqProvider(files: DnsmasqFiles): DhcpProvider {
  const hostFile = (mac: string) => path.join(files.hostsDir, `ironic-${checked(mac.toLowerCase(), macForm)}.conf`)
  const optsFile = (uuid: string) => path.join(files.optsDir, `ironic-${checked(uuid, uuidForm)}.conf`)
  return {
    name: 'dnsmasq',
    async prepare(node, boot) {
      // Options first: a machine that is answered without them would boot something else.
      await write(optsFile(node.uuid), optionLines(node.uuid, boot))
      for (const mac of node.macs) await write(hostFile(mac), hostLine(mac, node.uuid, boot.loader))
    },
    async cleanUp(node) {
      for (const mac of node.macs) {
        await write(hostFile(mac), node.staysHere ? hostLine(mac, node.uuid) : `${mac.toLowerCase()},ignore\n`)
      }
      await rm(optsFile(node.uuid), { force: true })
    },
    async check() {
      const trouble = files.trouble() ?? (await unwritable([files.hostsDir, files.optsDir]))
      if (trouble !== undefined) return [{ name: 'dhcp', result: 'failed', detail: trouble }]
      return [{ name: 'dhcp', result: 'ok', detail: `dnsmasq is told by files in ${files.hostsDir}` }]
    },
    trouble: () => files.trouble(),
  }
}

/** The tag of a node's hosts is its UUID. Another tells our own dnsmasq that the machine wants PXELINUX or GRUB. */
const hostLine = (mac: string, uuid: string, loader?: DhcpBoot['loader']): string =>
  `${mac.toLowerCase()},set:${uuid},set:ironic${loader === 'pxe' ? `,set:${pxeTag}` : ''}\n`

/** Options as dnsmasq's `dhcp-optsdir` takes them: `tag:…,number,value`. */
export function optionLines(uuid: string, boot: DhcpBoot): string {
  const tag = `tag:${checked(uuid, uuidForm)}`
  const { bootFile, scriptUrl, tftpServer } = boot
  const loader = bootFile === undefined ? [] : [`${tag},tag:!ipxe,67,${bootFile}`]
  const options: Record<DhcpBoot['loader'], string[]> = {
    ipxe: [`${tag},tag:ipxe,67,${scriptUrl}`, ...loader],
    'http-ipxe': [`${tag},tag:ipxe,67,${scriptUrl}`, ...loader, `${tag},tag:!ipxe,60,HTTPClient`],
    pxe: bootFile === undefined ? [] : [`${tag},67,${bootFile}`],
  }
  const servers = boot.loader === 'http-ipxe' ? [] : [`${tag},66,${tftpServer}`, `${tag},150,${tftpServer}`]
  const lines = [...options[boot.loader], ...servers]
  const bad = lines.find((line) => !/^[\x21-\x7e]+$/.test(line))
  if (bad !== undefined) throw new Fault('invalid', `dnsmasq cannot be told ${JSON.stringify(bad)}`)
  return `${lines.join('\n')}\n`
}

function checked(name: string, form: RegExp): string {
  if (form.test(name)) return name
  throw new Fault('bug', `${JSON.stringify(name.slice(0, 60))} cannot name a file for dnsmasq`)
}

// Written beside, then moved: dnsmasq reads a file when it is moved in, whole. Names with a dot at the start are skipped.
async function write(file: string, text: string): Promise<void> {
  const part = path.join(path.dirname(file), `.${path.basename(file)}`)
  try {
    await mkdir(path.dirname(file), { recursive: true })
    {
      await using handle = await open(part, 'w', 0o644)
      await handle.writeFile(text)
    }
    await rename(part, file)
  } catch (cause) {
    throw new Fault('step_failed', `cannot write ${file} for dnsmasq`, { cause })
  }
}

async function unwritable(directories: readonly string[]): Promise<string | undefined> {
  for (const directory of directories) {
    try {
      await access(directory, constants.W_OK)
    } catch (error) {
      return `the directory ${directory} cannot be written to (${explain(error)})`
    }
  }
  return undefined
}
