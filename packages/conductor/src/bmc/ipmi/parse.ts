import type { PowerState } from '@ferrite/shared/contracts/nodes'
import type { SensorReading } from '../../core/interfaces.ts'

/** `Chassis Power is on` → `power on`; undefined for anything else. */
export function parsePower(output: string): PowerState | undefined {
  const word = /^Chassis Power is (on|off)\s*$/im.exec(output)?.[1]?.toLowerCase()
  return word === 'on' ? 'power on' : word === 'off' ? 'power off' : undefined
}

/** `Name : value` lines, as `mc info` and `chassis status` print them. Lines without a value belong to the line above. */
export function parseFacts(output: string): Record<string, string> {
  const facts: Record<string, string> = {}
  let last: string | undefined
  for (const line of output.split('\n')) {
    const match = /^([^:]{1,60}?)\s*:\s?(.*)$/.exec(line)
    if (match?.[1] !== undefined && !/^\s/.test(line)) {
      last = match[1].trim()
      facts[last] = (match[2] ?? '').trim()
    } else if (last !== undefined && line.trim() !== '') {
      facts[last] = [facts[last], line.trim()].filter(Boolean).join(', ')
    }
  }
  return facts
}

/** `ipmitool sdr elist`: name | id | state | entity | reading. Rows of another form are left out. */
export function parseSensors(output: string): SensorReading[] {
  return output.split('\n').flatMap((line) => {
    const [name, , state, , text] = line.split('|').map((part) => part.trim())
    if (!name || state === undefined || text === undefined) return []
    const [, number, unit] = /^(-?\d+(?:\.\d+)?) (.+)$/.exec(text) ?? []
    return [{ name, value: number === undefined ? null : Number(number), unit: unit ?? null, state, text }]
  })
}
