import { once } from 'node:events'
import { chmod, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { Machine } from '../machine.ts'

/** What `ipmi_sim` runs for everything that concerns the chassis, and who answers it. */
export type ChassisControl = AsyncDisposable & { readonly program: string; add(machine: Machine): void }

// ipmi_sim runs this in its only thread, and lends it its sockets: it has to be quick, and to let go of them.
const script = (socket: string): string => `#!/usr/bin/perl
use strict;
use POSIX ();
use IO::Socket::UNIX;
POSIX::close($_) for 3 .. 63;
my $lab = IO::Socket::UNIX->new(Peer => '${socket}') or exit 1;
print $lab join("\\t", @ARGV), "\\n";
$lab->flush;
my ($status, @lines) = <$lab>;
print @lines;
exit($status =~ /^0/ ? 0 : 1);
`

/** Opens the socket and writes the program into \`dir\`, whose path must be short and without blanks. */
export async function openChassisControl(dir: string): Promise<ChassisControl> {
  const [socket, program] = [`${dir}/chassis.sock`, `${dir}/chassis`]
  const machines = new Map<string, Machine>()
  await rm(socket, { force: true })
  const server = createServer({ allowHalfOpen: true }, (connection) => {
    let text = ''
    connection.setEncoding('utf8')
    connection.on('error', () => connection.destroy())
    connection.on('data', (chunk: string) => {
      text += chunk
      if (!text.includes('\n')) return
      const [name = '', ...words] = text.trim().split('\t')
      answer(machines.get(name), words).then(
        (lines) => connection.end(`0\n${lines.map((line) => `${line}\n`).join('')}`),
        () => connection.end('1\n'),
      )
    })
  })
  server.listen(socket)
  await once(server, 'listening')
  await writeFile(program, script(socket))
  await chmod(program, 0o700)
  return {
    program,
    add: (machine) => void machines.set(machine.name, machine),
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}

async function answer(machine: Machine | undefined, [verb, ...words]: readonly string[]): Promise<string[]> {
  if (!machine) throw new Error('there is no such machine')
  if (verb === 'get') return words.map((what) => read(machine, what))
  for (let at = 0; at < words.length; at += 2) await write(machine, words[at] ?? '', words[at + 1] ?? '')
  return []
}

const targets = { pxe: 'Pxe', default: 'Hdd', cdrom: 'Cd', bios: 'BiosSetup' } as const

function read(machine: Machine, what: string): string {
  if (what === 'power') return `power:${machine.power === 'On' ? 1 : 0}`
  if (what !== 'boot') throw new Error(`${what} cannot be read`)
  const { enabled, target } = machine.override
  const found = Object.entries(targets).find(([, one]) => one === target && enabled !== 'Disabled')
  return `boot:${found?.[0] ?? 'none'}`
}

async function write(machine: Machine, what: string, value: string): Promise<void> {
  if (what === 'power') await (value === '1' ? machine.powerOn() : machine.powerOff())
  else if (what === 'reset') await machine.reset()
  else if (what === 'shutdown') await machine.pressPowerButton()
  else if (what === 'boot') machine.override = overrideFor(machine, value)
  else if (what !== 'identify') throw new Error(`${what} cannot be set`)
}

/** ipmi_sim keeps nothing but the device, which is IPMI's way of saying: for the next boot. */
function overrideFor({ override: { mode } }: Machine, value: string): Machine['override'] {
  const target = Object.entries(targets).find(([name]) => name === value)?.[1]
  return target ? { enabled: 'Once', target, mode } : { enabled: 'Disabled', target: 'None', mode }
}
