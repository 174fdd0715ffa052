import type { BootEntries } from './hardware.ts'
import { run, runOk } from './run.ts'

/** The firmware's boot entries by efibootmgr; undefined when it is missing or has no variables to work on. */
export async function efiBootEntries(): Promise<BootEntries | undefined> {
  const probe = await run('efibootmgr', []).catch(() => undefined)
  if (probe?.code !== 0) return undefined
  return {
    async put({ disk, partition, label, loader }) {
      const { stdout } = await runOk('efibootmgr', ['-v'])
      for (const number of entriesLabelled(stdout, label)) await runOk('efibootmgr', ['-b', number, '-B'])
      await runOk('efibootmgr', ['-v', '-c', '-d', disk, '-p', String(partition), '-w', '-L', label, '-l', loader])
    },
  }
}

/** Numbers of the boot entries with this label, from what `efibootmgr -v` prints. */
export function entriesLabelled(output: string, label: string): string[] {
  return output.split('\n').flatMap((line) => {
    const match = /^Boot([0-9A-Fa-f]{4})\*?\s+(.*)$/.exec(line)
    const [, number, rest] = match ?? []
    const name = rest?.split(/\t|(?=\s(?:HD|File|Pci|VenHw|Fv|ACPI|BBS|Mac|IPv)\w*\()/)[0]?.trim()
    return number !== undefined && name === label ? [number] : []
  })
}
