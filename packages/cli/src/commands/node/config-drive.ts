import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Command } from 'commander'
import type { ConfigdriveData } from '@ferrite/shared/contracts/nodes'
import { CommandError } from '../../exit.ts'
import { fileGiven, textPair } from '../../values.ts'

export type ConfigDriveOptions = {
  configDrive?: string
  metaData?: Record<string, string>
  userData?: string
  networkData?: string
}

export const withConfigDriveOptions = (command: Command): Command =>
  command
    .option('--config-drive <source>', 'config drive: URL, ISO file (also gzipped), or JSON file with its data')
    .option('--meta-data <key=value>', 'meta data of a config drive built by the conductor (again for more)', textPair)
    .option('--user-data <file>', 'user data of it; - is standard input')
    .option('--network-data <file>', 'network data of it, JSON')

/** What goes into `configdrive` of the request: text, data for the conductor to build it from, or nothing. */
export async function configDrive(options: ConfigDriveOptions): Promise<string | ConfigdriveData | undefined> {
  const data = await dataOf(options)
  if (options.configDrive === undefined) return data
  if (data) {
    throw new CommandError('usage', '--config-drive excludes --meta-data, --user-data and --network-data')
  }
  return /^https?:\/\//.test(options.configDrive) ? options.configDrive : await fromFile(options.configDrive)
}

async function dataOf({ metaData, userData, networkData }: ConfigDriveOptions): Promise<ConfigdriveData | undefined> {
  if (!metaData && userData === undefined && networkData === undefined) return undefined
  return {
    meta_data: metaData ?? {},
    ...(userData !== undefined && { user_data: (await fileGiven('--user-data', userData)).toString('utf8') }),
    ...(networkData !== undefined && {
      network_data: jsonObject('--network-data', (await fileGiven('--network-data', networkData)).toString('utf8')),
    }),
  }
}

async function fromFile(file: string): Promise<string | ConfigdriveData> {
  const isDirectory = file !== '-' && (await stat(file).catch(() => undefined))?.isDirectory()
  if (isDirectory) return await fromDirectory(file)
  const bytes = await fileGiven('--config-drive', file)
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return bytes.toString('base64')
  if (bytes.subarray(0x8001, 0x8006).toString('latin1') === 'CD001') return gzipSync(bytes).toString('base64')
  const text = bytes.toString('utf8').trim()
  if (text.startsWith('{')) return jsonObject('--config-drive', text)
  if (/^[A-Za-z0-9+/=\s]+$/.test(text)) return text
  throw new CommandError('usage', `--config-drive ${file} is no ISO 9660 image, gzip, base64 or JSON`)
}

// The layout that `openstack --config-drive DIR` users keep: meta_data.json, user_data, network_data.json.
async function fromDirectory(directory: string): Promise<ConfigdriveData> {
  const names = new Set(await readdir(directory))
  const text = async (name: string) =>
    names.has(name) ? await readFile(path.join(directory, name), 'utf8') : undefined
  const [meta, user, network, vendor] = await Promise.all(
    ['meta_data.json', 'user_data', 'network_data.json', 'vendor_data2.json'].map(text),
  )
  return {
    meta_data: meta === undefined ? {} : jsonObject('meta_data.json', meta),
    ...(user !== undefined && { user_data: user }),
    ...(network !== undefined && { network_data: jsonObject('network_data.json', network) }),
    ...(vendor !== undefined && { vendor_data: jsonObject('vendor_data2.json', vendor) }),
  }
}

function jsonObject(what: string, text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new CommandError('usage', `${what} holds no valid JSON`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
  throw new CommandError('usage', `${what} must hold a JSON object`)
}
