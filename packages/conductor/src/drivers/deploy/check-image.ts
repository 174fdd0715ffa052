import { Fault } from '@ferrite/shared/fault'
import type { Task } from '../../core/task.ts'

export type ImageChecks = {
  allowMd5: boolean
  /** Asks the image server whether it has the image. Fault when it says no or nothing. */
  ask(url: string, task: Task): Promise<void>
}

const digestLengths: Record<string, number> = { md5: 32, sha256: 64, sha512: 128 }

/** Refuses an image that cannot be deployed, before anything is done: no source, no checksum, wrong ones, no answer. */
export async function checkImage(task: Task, checks: ImageChecks): Promise<void> {
  const { node } = task
  const info = node.instance_info
  const source = info['image_source']
  if (typeof source !== 'string' || source === '') {
    throw new Fault(
      'missing_parameter',
      `Cannot validate image information for node ${node.uuid} because one or more parameters are missing from its instance_info and insufficient information is present to boot from a remote volume. Missing are: ['image_source']`,
    )
  }
  const url = URL.parse(source)
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new Fault('invalid', `image_source must be an http or https URL, not ${source.slice(0, 200)}`)
  }
  checkChecksum(info, checks)
  checkFormat(info)
  checkOwnFields(info)
  checkTraits(task)
  await checks.ask(source, task)
}

function checkChecksum(info: Record<string, unknown>, { allowMd5 }: ImageChecks): void {
  const { image_checksum: checksum, image_os_hash_algo: algo, image_os_hash_value: value } = info
  if ((algo ?? undefined) !== undefined || (value ?? undefined) !== undefined) {
    if (typeof algo !== 'string' || typeof value !== 'string' || !algo || !value) {
      throw new Fault('missing_parameter', 'image_os_hash_algo and image_os_hash_value must be given together')
    }
    checkDigest(algo, value, allowMd5)
    return
  }
  if (typeof checksum !== 'string' || checksum === '') {
    throw new Fault(
      'missing_parameter',
      'the image has no checksum: instance_info needs image_checksum, or image_os_hash_algo and image_os_hash_value',
    )
  }
  if (isUrl(checksum)) return
  const found = Object.entries(digestLengths).find(([, length]) => length === checksum.length)
  checkDigest(found?.[0] ?? 'unknown', checksum, allowMd5)
}

function checkDigest(algo: string, value: string, allowMd5: boolean): void {
  const length = digestLengths[algo]
  if (length === undefined) {
    throw new Fault('invalid', `the image's checksum must be sha256 or sha512, not ${algo.slice(0, 40)}`)
  }
  if (algo === 'md5' && !allowMd5) {
    throw new Fault('invalid', 'md5 is not accepted as the checksum of an image (setting agent_md5_checksum)')
  }
  if (isUrl(value)) return
  if (value.length !== length || !/^[0-9a-f]+$/i.test(value)) {
    throw new Fault('invalid', `a ${algo} checksum has ${length} hexadecimal digits, the image's has ${value.length}`)
  }
}

/** What an agent can write; a compressed image is declared as what it is without the compression. */
const formats = ['raw', 'qcow2', 'iso', 'gpt', 'ami', 'ari', 'aki', 'luks', 'unknown']

function checkFormat({ image_disk_format: format }: Record<string, unknown>): void {
  if (format === undefined || format === null || format === '') return
  if (typeof format === 'string' && formats.includes(format.toLowerCase())) return
  throw new Fault(
    'invalid',
    `images of the format ${JSON.stringify(format).slice(0, 40)} (image_disk_format) are not written; convert it to qcow2 or raw`,
  )
}

function checkOwnFields(info: Record<string, unknown>): void {
  const { ferrite_chunk_map: map, ferrite_chunk_map_checksum: checksum, ferrite_content_checksum: content } = info
  if (map !== undefined && map !== null) {
    if (typeof map !== 'string' || !isUrl(map))
      throw new Fault('invalid', 'ferrite_chunk_map must be an http or https URL')
    checkNamed('ferrite_chunk_map_checksum', checksum)
  }
  if (content !== undefined && content !== null) checkNamed('ferrite_content_checksum', content)
}

function checkNamed(name: string, value: unknown): void {
  if (typeof value === 'string' && /^(?:sha256:)?[0-9a-f]{64}$|^(?:sha512:)?[0-9a-f]{128}$/i.test(value)) return
  throw new Fault('invalid', `${name} must be sha256:HEX or sha512:HEX`)
}

function checkTraits({ node }: Task): void {
  const wanted = node.instance_info['traits']
  if (wanted === undefined || wanted === null) return
  if (!Array.isArray(wanted)) throw new Fault('invalid', 'instance_info.traits must be a list')
  const missing = wanted.filter((trait) => !node.traits.includes(String(trait)))
  if (missing.length === 0) return
  throw new Fault(
    'invalid',
    `Cannot deploy on node ${node.uuid}: the instance requires traits that the node does not have: ${missing.join(', ')}`,
  )
}

const isUrl = (text: string): boolean => /^https?:\/\//i.test(text)
