import { Command } from 'commander'
import { version } from '@ferrite/shared/version'
import { withClient } from '../context.ts'
import { CommandError } from '../exit.ts'
import { withClientOptions } from '../options.ts'

/** `ferrite version`. */
export function versionCommand(): Command {
  const command = new Command('version').description('Versions of this program and of the server, where it answers.')
  return withClientOptions(command).action(
    withClient(async ({ client, out }) => {
      const server = await client.root().catch((error: unknown) => {
        if (error instanceof CommandError && error.exit !== 'interrupted') return undefined
        throw error
      })
      const api = server?.default_version?.version ?? null
      const facts = { ferrite: version, node: process.versions.node, server: server?.name ?? null, api }
      const answer = server ? `${server.name ?? 'Bare-metal API'}, API 1.1 to ${api ?? '?'}` : 'no answer'
      await out.show(facts, () => `ferrite ${version} (Node ${process.versions.node})\n${client.url}: ${answer}\n`)
    }),
  )
}
