import { Command } from 'commander'
import type { ProvisionState, ProvisionVerb } from '@ferrite/shared/provision'
import { withClient } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { carryOut, watchNode, withWaitOptions, type WaitOptions } from './carry-out.ts'

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
  const command = new Command(name).summary(summary).description(sentence(summary)).argument('<node>', 'name or UUID')
  return withClientOptions(withWaitOptions(command)).action(
    withClient(async (context, ident: string, options: WaitOptions) => {
      const start = () => context.client.provision(ident, target)
      await carryOut(context, { ident, doing, start, ...(wants && { wants }) }, options)
    }),
  )
}

function watchCommand(): Command {
  const command = new Command('watch')
    .summary('show what happens to it until it settles')
    .description('Show what happens to a node until it settles.')
    .argument('<node>', 'name or UUID')
    .option('--timeout <seconds>', 'longest time to watch', Number)
  return withClientOptions(command).action(
    withClient((context, ident: string, options: { timeout?: number }) => watchNode(context, ident, options)),
  )
}

const sentence = (summary: string): string => `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`
