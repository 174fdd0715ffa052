import type { MachineState } from '../machine.ts'

export type Sign = { state: MachineState; reason: string }

// Later ones win when several stand in one piece of text.
const signs: readonly [RegExp, MachineState, (match: RegExpMatchArray) => string][] = [
  [/Press Ctrl-B for the iPXE|iPXE initialising devices/, 'firmware', () => 'iPXE'],
  [/Ferrite ramdisk|ferrite: \[[\d.]+\] /, 'ramdisk', () => ''],
  [
    /No bootable device|Boot failed: not a bootable disk|No more network devices|>>Start HTTP|Shell> |BdsDxe: No bootable/,
    'nothing to boot',
    ([text]) => text,
  ],
  [/Kernel panic - not syncing: ([^\r\n]*)/, 'hung', ([, why]) => why ?? ''],
  [/([\w.-]+) login: /, 'running', ([, host]) => `prompt of ${host ?? ''}`],
]

/** What the console tells about the machine, or undefined where this piece of text tells nothing. */
export function signIn(text: string): Sign | undefined {
  const found = signs.flatMap(([form, state, reason]) => {
    const match = form.exec(text)
    return match ? [{ at: match.index, sign: { state, reason: reason(match) } }] : []
  })
  return found.toSorted((a, b) => a.at - b.at).at(-1)?.sign
}
