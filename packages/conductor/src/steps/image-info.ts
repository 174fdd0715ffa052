import type { ImageInfo } from '@ferrite/shared/contracts/images'
import type { NodeRecord } from '../core/node.ts'
import { bootModeOf, capability } from './capabilities.ts'

type Bag = Record<string, unknown>
const text = (bag: Bag, key: string): string | undefined => {
  const value = bag[key]
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** A partition image brings no boot loader and no partition table: it says so, or comes with kernel and ramdisk. */
export function isPartitionImage({ instance_info }: Pick<NodeRecord, 'instance_info'>): boolean {
  const type = text(instance_info, 'image_type')
  if (type) return type === 'partition'
  return text(instance_info, 'kernel') !== undefined && text(instance_info, 'ramdisk') !== undefined
}

/** What the agent is told about the image: the fields and the spelling that Ironic sends. */
export function imageInfoFor(node: NodeRecord, configdrive: string | null): ImageInfo {
  const { instance_info: info } = node
  const source = text(info, 'image_source') ?? ''
  return {
    id: lastSegment(source),
    urls: [text(info, 'image_url') ?? source],
    node_uuid: node.uuid,
    disk_format: text(info, 'image_disk_format') ?? null,
    container_format: text(info, 'image_container_format') ?? 'bare',
    stream_raw_images: true,
    ...digestFields(info),
    ...ownFields(info),
    ...serverAccess(node),
    ...(isPartitionImage(node) ? partitionFields(node, configdrive) : configdrive === null ? {} : { configdrive }),
  }
}

const algorithmByLength: Record<number, string> = { 64: 'sha256', 96: 'sha384', 128: 'sha512' }
const hex = /^[0-9a-f]+$/i

/**
 * As foreign agents understand them: they compare digests letter by letter with lower case, and those before 2024 take
 * every `checksum` for an MD5, so one that is not goes with its algorithm's name too.
 */
function digestFields(info: Bag): Bag {
  const [checksum, value] = ['image_checksum', 'image_os_hash_value'].map((key) => lowerHex(text(info, key)))
  const algo = text(info, 'image_os_hash_algo')
  const given = checksum === undefined ? {} : { checksum }
  if (algo !== undefined && value !== undefined) return { ...given, os_hash_algo: algo, os_hash_value: value }
  const byLength = hex.test(checksum ?? '') ? algorithmByLength[checksum?.length ?? 0] : undefined
  return byLength === undefined ? given : { ...given, os_hash_algo: byLength, os_hash_value: checksum }
}

const lowerHex = (digest: string | undefined): string | undefined =>
  digest !== undefined && hex.test(digest) ? digest.toLowerCase() : digest

/** What only an agent of ours understands; sent where the operator gave it. */
function ownFields(info: Bag): Bag {
  const names = ['ferrite_chunk_map', 'ferrite_chunk_map_checksum', 'ferrite_content_checksum']
  return Object.fromEntries(names.flatMap((name) => (text(info, name) === undefined ? [] : [[name, text(info, name)]])))
}

function lastSegment(source: string): string {
  const path = URL.parse(source)?.pathname ?? source
  return path.split('/').findLast(Boolean) ?? 'image'
}

function serverAccess({ instance_info: info, driver_info }: NodeRecord): Bag {
  const http = text(info, 'image_http_proxy') ?? text(driver_info, 'image_http_proxy')
  const https = text(info, 'image_https_proxy') ?? text(driver_info, 'image_https_proxy')
  const no = text(info, 'image_no_proxy') ?? text(driver_info, 'image_no_proxy')
  const secret = text(info, 'image_request_authorization_secret')
  const user = text(info, 'image_server_user')
  return {
    ...(secret === undefined ? {} : { image_request_authorization: Buffer.from(secret, 'utf8').toString('base64') }),
    ...(user === undefined
      ? {}
      : {
          image_server_auth_strategy: text(info, 'image_server_auth_strategy') ?? 'http_basic',
          image_server_user: user,
          image_server_password: text(info, 'image_server_password') ?? '',
        }),
    ...(http || https ? { proxies: { ...(http ? { http } : {}), ...(https ? { https } : {}) } } : {}),
    ...(no === undefined ? {} : { no_proxy: no }),
  }
}

function partitionFields(node: NodeRecord, configdrive: string | null): Bag {
  const { instance_info: info } = node
  const number = (key: string): number => Number(info[key] ?? 0) || 0
  const bootMode = bootModeOf(node)
  const ephemeral = number('ephemeral_gb')
  const label = bootMode === 'uefi' ? 'gpt' : capability(node, 'disk_label')
  return {
    image_type: 'partition',
    kernel: info['kernel'] ?? null,
    ramdisk: info['ramdisk'] ?? null,
    root_gb: number('root_gb'),
    root_mb: number('root_gb') * 1024,
    swap_mb: number('swap_mb'),
    ephemeral_mb: ephemeral * 1024,
    ephemeral_format: text(info, 'ephemeral_format') ?? (ephemeral > 0 ? 'ext4' : null),
    preserve_ephemeral: info['preserve_ephemeral'] === true,
    deploy_boot_mode: bootMode,
    boot_option: 'local',
    configdrive,
    ...(label === undefined ? {} : { disk_label: label }),
  }
}
