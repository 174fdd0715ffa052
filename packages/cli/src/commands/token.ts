import { Command, Option } from 'commander'
import type { TokenEntry, TokenRole } from '@ferrite/conductor/api/auth/token-file'
import { withOutput } from '../context.ts'
import { withOutputOptions } from '../options.ts'
import { table } from '../table.ts'
import { settingsFrom, withSettingOptions, type SettingOptions } from './settings.ts'

const roles: readonly TokenRole[] = ['admin', 'manager', 'member', 'reader']

/** `ferrite token …`: works on the state directory, beside a conductor that runs or not. */
export const tokenCommand = (): Command =>
  new Command('token')
    .description('Bearer tokens of the API (setting auth=token), kept in the state directory.')
    .addCommand(create())
    .addCommand(list())
    .addCommand(revoke())

type CreateOptions = SettingOptions & { role: TokenRole; project?: string; days: string }

function create(): Command {
  const command = new Command('create')
    .summary('make a token; it is shown once')
    .description('Makes a token. It is printed once and kept only as a digest.')
    .argument('<name>', 'what the audit log calls its holder')
    .addOption(new Option('--role <role>', 'what its holder may do').choices(roles).default('reader'))
    .option('--project <id>', 'hold the role in this project only, instead of on the whole system')
    .option('--days <n>', 'days until it expires, at most 90', '30')
  return withOutputOptions(withSettingOptions(command)).action(
    withOutput(async (out, name: string, options: CreateOptions) => {
      const { createToken } = await import('@ferrite/conductor/api/auth/token-file')
      const { systemClock } = await import('@ferrite/conductor/core/clock')
      const wanted = { name, role: options.role, project: options.project ?? null, days: Number(options.days) }
      const [token, entry] = createToken(await fileOf(options), wanted, systemClock)
      await out.show({ ...shown(entry), token }, () => `${token}\n`)
    }),
  )
}

function list(): Command {
  const command = new Command('list').description('Every token that was made and not revoked.')
  return withOutputOptions(withSettingOptions(command)).action(
    withOutput(async (out, options: SettingOptions) => {
      const { readTokens } = await import('@ferrite/conductor/api/auth/token-file')
      const tokens = readTokens(await fileOf(options)).map(shown)
      await out.show(tokens, (terminal) =>
        table(
          tokens,
          [
            { title: 'ID', value: ({ id }) => id },
            { title: 'Name', value: ({ name }) => name, shrink: true },
            { title: 'Role', value: ({ role }) => role },
            { title: 'Project', value: ({ project }) => project ?? 'whole system', rank: 1 },
            {
              title: 'Expires',
              value: ({ expires_at, expired }) => (expired ? `${expires_at} (expired)` : expires_at),
            },
          ],
          terminal,
        ),
      )
    }),
  )
}

function revoke(): Command {
  const command = new Command('revoke')
    .description('Takes a token back; a conductor that runs refuses it within a second.')
    .argument('<token>', 'its id or name')
  return withOutputOptions(withSettingOptions(command)).action(
    withOutput(async (out, ident: string, options: SettingOptions) => {
      const { revokeToken } = await import('@ferrite/conductor/api/auth/token-file')
      const entry = revokeToken(await fileOf(options), ident)
      await out.show(shown(entry), () => `Token ${entry.name} is revoked.\n`)
    }),
  )
}

async function fileOf(options: SettingOptions): Promise<string> {
  const { loadConfig } = await import('@ferrite/conductor/config')
  const { tokenFile } = await import('@ferrite/conductor/api/auth/token-file')
  return tokenFile(settingsFrom(options, loadConfig).state_dir)
}

const shown = ({ sha256: _digest, ...entry }: TokenEntry) => ({
  ...entry,
  expired: Date.parse(entry.expires_at) <= Date.now(),
})
