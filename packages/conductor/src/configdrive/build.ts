import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ConfigdriveData } from '@ferrite/shared/contracts/nodes'
import { Fault } from '@ferrite/shared/fault'
import { writeIso } from '../iso/write.ts'

const zip = promisify(gzip)

/**
 * A config drive of this data as agents take it: base64 of gzip of an ISO 9660 image labelled `config-2`, in
 * OpenStack's layout. The node gives meta_data its uuid and name where the data has none.
 */
export async function buildConfigdrive(
  data: ConfigdriveData,
  node: { uuid: string; name: string | null },
): Promise<string> {
  const files = filesFor(data, node)
  const iso = writeIso({
    volumeId: 'config-2',
    files: Object.fromEntries(
      ['2012-08-10', 'latest'].flatMap((version) =>
        Object.entries(files).map(([name, content]) => [`openstack/${version}/${name}`, content] as const),
      ),
    ),
  })
  return (await zip(iso, { level: 9 })).toString('base64')
}

function filesFor(data: ConfigdriveData, node: { uuid: string; name: string | null }): Record<string, Uint8Array> {
  const own = { uuid: node.uuid, ...(node.name ? { name: node.name } : {}) }
  const files: Record<string, Uint8Array> = { 'meta_data.json': json({ ...own, ...metaDataOf(data) }) }
  if (data.network_data) files['network_data.json'] = json(data.network_data)
  if (data.vendor_data) files['vendor_data2.json'] = json(data.vendor_data)
  const { user_data } = data
  if (user_data !== null && user_data !== undefined) {
    files['user_data'] = typeof user_data === 'string' ? Buffer.from(user_data, 'utf8') : json(user_data)
  }
  return files
}

const json = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value), 'utf8')

function metaDataOf({ meta_data }: ConfigdriveData): Record<string, unknown> {
  if (typeof meta_data !== 'string') return meta_data ?? {}
  let parsed: unknown
  try {
    parsed = JSON.parse(meta_data)
  } catch (cause) {
    throw new Fault('configdrive_invalid', 'meta_data of the config drive is text, but not JSON', { cause })
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Fault('configdrive_invalid', 'meta_data of the config drive must be a JSON object')
  }
  return parsed as Record<string, unknown>
}
