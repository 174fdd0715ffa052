import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { Fault } from '@ferrite/shared/fault'
import type { LabView } from './lab-view.ts'

const shownBytes = 16 * 1024
/** Ctrl-], as telnet's. */
const leave = 0x1d

/** Shows what a machine said lately, then joins its serial line with this terminal until Ctrl-] or the lab's end. */
export async function labConsole(view: LabView, name: string | undefined, follow: boolean): Promise<void> {
  const machine = view.machines.find((one) => one.name === name)
  if (!machine) {
    const names = view.machines.map((one) => one.name).join(', ')
    throw new Fault('not_found', `there is no machine ${name ?? ''}; there are: ${names}`)
  }
  const said = await readFile(machine.console_log).catch(() => Buffer.alloc(0))
  process.stdout.write(said.subarray(-shownBytes))
  if (!follow) return
  if (machine.console_socket === null) {
    throw new Fault(
      'unsupported',
      `${machine.name} is a process: it has a log, ${machine.console_log}, but no serial line`,
    )
  }
  const line = connect(machine.console_socket)
  const { stdin } = process
  if (stdin.isTTY) {
    stdin.setRawMode(true)
    process.stderr.write(`\r\n[${machine.name}: Ctrl-] leaves]\r\n`)
  }
  stdin.on('data', (bytes: Buffer) => {
    if (stdin.isTTY && bytes.includes(leave)) line.end()
    else line.write(bytes)
  })
  line.on('data', (bytes: Buffer) => process.stdout.write(bytes))
  line.on('error', () => line.destroy())
  try {
    await once(line, 'close')
  } finally {
    if (stdin.isTTY) stdin.setRawMode(false)
    stdin.pause()
  }
}
