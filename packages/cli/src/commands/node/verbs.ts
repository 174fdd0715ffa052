import { Command } from 'commander'
import type { ProvisionState, ProvisionVerb } from '@ferrite/shared/provision'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { carryOut, watchNodes, withWaitOptions, type WaitOptions } from './carry-out.ts'

type Verb = { name: string; target: ProvisionVerb; doing: string; summary: string; wants?: readonly ProvisionState[] }

/** The verbs without arguments of their own. Deploy and rebuild have a file each. */
// oxfmt-ignore
const verbs: readonly Verb[] = [
  { name: 'manage',   target: 'manage',  doing: 'being verified', wants: ['manageable'], summary: 'check the credentials of its BMC: enroll → manageable' },
  { name: 'provide',  target: 'provide', doing: 'being cleaned',  wants: ['available'],  summary: 'clean it and offer it: manageable → available' },
  { name: 'undeploy', target: 'deleted', doing: 'being undeployed', wants: ['available'], summary: 'power off, clean, offer: active → available' },
  { name: 'abort',    target: 'abort',   doing: 'being aborted',  summary: 'stop what it waits for' },
]

export const verbCommands = (): Command[] => [...verbs.map(verbCommand), watchCommand()]

function verbCommand({ name, target, doing, summary, wants }: Verb): Command {
  const command = new Command(name)
    .summary(summary)
    .description(sentence(summary))
    .argument('<node...>', 'names or UUIDs')
  return withClientOptions(withWaitOptions(command)).action(
    withClient(async (context, idents: string[], options: WaitOptions) => {
      const works = idents.map((ident) => {
        const start = () => context.client.provision(ident, target)
        return { ident, doing, start, ...(wants && { wants }) }
      })
      await carryOut(context, works, options)
    }),
  )
}

function watchCommand(): Command {
  const command = new Command('watch')
    .summary('show what happens to it until it settles')
    .description('Show what happens to nodes until they settle, side by side.')
    .argument('<node...>', 'names or UUIDs')
    .option('--timeout <seconds>', 'longest time to watch', Number)
  return withClientOptions(command).action(
    withClient((context, idents: string[], options: { timeout?: number }) => watchNodes(context, idents, options)),
  )
}

const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
