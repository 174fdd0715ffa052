import { Command } from 'commander'
import { attributeCommands } from './attributes.ts'
import { bootsCommand } from './boots.ts'
import { checkCommand } from './check.ts'
import { deployCommands } from './deploy.ts'
import { editCommands } from './edit.ts'
import { listCommand } from './list.ts'
import { powerCommand } from './power.ts'
import { reportCommands } from './reports.ts'
import { showCommand } from './show.ts'
import { verbCommands } from './verbs.ts'

const groups: readonly [heading: string, commands: () => Command[]][] = [
  ['Look:', () => [listCommand(), showCommand(), ...reportCommands(), checkCommand(), bootsCommand()]],
  ['Enrol and edit:', editCommands],
  ['Provision:', () => [...deployCommands(), ...verbCommands()]],
  ['Hardware:', () => [powerCommand(), ...attributeCommands()]],
]

/** `ferrite node …`. */
export function nodeCommand(): Command {
  const node = new Command('node').description('Enrol, deploy, power and watch machines.')
  for (const [heading, commands] of groups) {
    for (const command of commands()) node.addCommand(command.helpGroup(heading))
  }
  return node
}
