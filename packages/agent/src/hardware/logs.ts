import { gzipSync } from 'node:zlib'
import { explain } from '@ferrite/shared/fault'
import { maskedText } from '@ferrite/shared/redact'
import { run } from './run.ts'

const commands: Record<string, [string, ...string[]]> = {
  ps: ['ps', '-ef'],
  df: ['df', '-a'],
  lsblk: ['lsblk', '--all', '-o', 'NAME,SIZE,TYPE,FSTYPE,MOUNTPOINTS,MODEL,SERIAL,WWN'],
  ip_addr: ['ip', 'addr'],
  ip_route: ['ip', 'route'],
  mount: ['mount'],
  mdadm: ['cat', '/proc/mdstat'],
  dmesg: ['dmesg'],
  journal: ['journalctl', '--no-pager', '-b', '-n', '5000'],
  // Where our own ramdisk, which has no journal, keeps what was said.
  agent: ['tail', '-c', '3000000', '/var/log/ferrite/agent.log'],
  boot: ['tail', '-c', '500000', '/var/log/ferrite/boot.log'],
  kernel: ['tail', '-c', '3000000', '/var/log/ferrite/kernel.log'],
}
const machineWide = new Set(['dmesg', 'journal', 'ps', 'mount', 'agent', 'boot', 'kernel'])
const maxOutputBytes = 4 * 1024 * 1024

/** What a developer of the agent asks for first, as a gzipped tar in base64. Outside of a ramdisk the host's logs stay its own. */
export async function collectLogs({ isRamdisk }: { isRamdisk: boolean }): Promise<string> {
  const wanted = Object.entries(commands).filter(([name]) => isRamdisk || !machineWide.has(name))
  const files: Buffer[] = []
  for (const [name, [program, ...args]] of wanted) {
    const text = await output(program, args)
    files.push(tarEntry(name, Buffer.from(maskedText(text))))
  }
  return gzipSync(Buffer.concat([...files, Buffer.alloc(1024)])).toString('base64')
}

async function output(program: string, args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(program, args, { timeoutMs: 20_000, maxOutputBytes })
    return stdout + stderr
  } catch (error) {
    return `${explain(error)}\n`
  }
}

/** One file in the ustar format. */
function tarEntry(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512)
  header.write(name, 0)
  header.write(octal(0o644, 7), 100)
  header.write(octal(0, 7), 108)
  header.write(octal(0, 7), 116)
  header.write(octal(content.length, 11), 124)
  header.write(octal(0, 11), 136)
  header.write(' '.repeat(8), 148)
  header.write('0', 156)
  header.write('ustar\u000000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${octal(sum, 6)}\0 `, 148)
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512)])
}

const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, '0')
