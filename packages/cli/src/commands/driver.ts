import { Command } from 'commander'
import type { Driver } from '../client.ts'
import { withClient } from '../context.ts'
import { withClientOptions } from '../options.ts'
import { table } from '../table.ts'
import { fold, printable, type Terminal } from '../terminal.ts'

/** `ferrite driver …`. */
export const driverCommand = (): Command =>
  new Command('driver')
    .description('Hardware types that the conductor offers.')
    .addCommand(listCommand())
    .addCommand(showCommand())

function listCommand(): Command {
  const command = new Command('list')
    .summary('all that are enabled')
    .description('All hardware types that are enabled.')
  return withClientOptions(command).action(
    withClient(async ({ client, out }) => {
      const drivers = await client.drivers()
      await out.show(drivers, (terminal) =>
        table(
          drivers,
          [
            { title: 'TYPE', value: (driver) => driver.name, paint: (text) => terminal.paint('bold', text) },
            { title: 'CONDUCTORS', value: (driver) => driver.hosts.join(', '), shrink: true },
          ],
          terminal,
        ),
      )
    }),
  )
}

function showCommand(): Command {
  const command = new Command('show')
    .summary('its interfaces and what it wants to know')
    .description('The interfaces of a hardware type, and what it wants to know in driver_info.')
    .argument('<type>', 'e.g. redfish')
  return withClientOptions(command).action(
    withClient(async ({ client, out }, name: string) => {
      const [driver, properties] = await Promise.all([client.driver(name), client.driverProperties(name)])
      await out.show({ ...driver, driver_info: properties }, (terminal) => driverText(driver, properties, terminal))
    }),
  )
}

function driverText(driver: Driver, properties: Record<string, string>, terminal: Terminal): string {
  const interfaces = Object.entries(driver).flatMap(([key, value]) => {
    const name = /^enabled_(\w+)_interfaces$/.exec(key)?.[1]
    if (!name || !Array.isArray(value) || value.length === 0) return []
    const chosen = driver[`default_${name}_interface`]
    return [
      `  ${terminal.paint('dim', name.padEnd(12))}${value.map((one) => (one === chosen ? `${one} (default)` : String(one))).join(', ')}\n`,
    ]
  })
  const keys = Object.entries(properties).flatMap(([key, sentence]) => [
    `  ${key}\n`,
    ...fold(printable(sentence), terminal.width - 6).map((line) => `      ${terminal.paint('dim', line)}\n`),
  ])
  const heading = (text: string) => `${terminal.paint('bold', text)}\n`
  return [heading(driver.name), '\n', heading('Interfaces'), ...interfaces, '\n', heading('driver_info'), ...keys].join(
    '',
  )
}
