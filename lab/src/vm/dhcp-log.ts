import { appendFile } from 'node:fs/promises'
import { dhcp } from './dhcp-packet.ts'
import type { DhcpRequest } from './dhcp-packet.ts'

const names: Readonly<Record<number, string>> = {
  [dhcp.discover]: 'DHCPDISCOVER',
  [dhcp.offer]: 'DHCPOFFER',
  [dhcp.request]: 'DHCPREQUEST',
  [dhcp.ack]: 'DHCPACK',
  [dhcp.nak]: 'DHCPNAK',
}

/** Writes what a DHCP server heard and said in dnsmasq's words, which conductors read for the trace of a boot. */
export function dhcpLog(file: string, network: string) {
  let written = Promise.resolve()
  return (request: DhcpRequest, answer: { type: number; address: string } | 'ignored'): void => {
    const at = new Date()
      .toString()
      .slice(4, 24)
      .replace(/ \d{4} /, ' ')
    const line = (text: string) => `${at} dnsmasq-dhcp[1]: ${request.xid} ${text}\n`
    const vendor = request.options
      .get(60)
      ?.toString('latin1')
      .replaceAll(/[^\x20-\x7e]/g, '')
    const said = (type: number, rest: string) => line(`${names[type] ?? 'DHCP'}(${network}) ${rest}`)
    const asked = said(request.type, answer === 'ignored' ? `${request.mac} ignored` : request.mac)
    const lines = [vendor ? line(`vendor class: ${vendor}`) : '', asked]
    if (answer !== 'ignored') lines.push(said(answer.type, `${answer.address} ${request.mac}`))
    written = written.then(() => appendFile(file, lines.join(''))).catch(() => {})
  }
}
