import { imageInfo } from '@ferrite/shared/contracts/images'
import { expect, test } from 'vitest'
import type { NodeRecord } from '../core/node.ts'
import { imageInfoFor } from './image-info.ts'

const uuid = '11111111-2222-4333-8444-555555555555'
const source = 'http://10.0.0.1/images/d.qcow2'
const sent = (instance_info: object) =>
  imageInfoFor(
    {
      uuid,
      instance_info: { image_source: source, ...instance_info },
      driver_info: {},
      properties: {},
    } as unknown as NodeRecord,
    null,
  )
const [md5, sha256, sha512] = [32, 64, 128].map((digits) => 'aB'.repeat(digits / 2))

// Agents know a digest by lower-case hex only, and those of 2023 take `checksum` for an MD5 whatever its length is.
test.each([
  [{ image_checksum: sha256 }, { checksum: lower(sha256), os_hash_algo: 'sha256', os_hash_value: lower(sha256) }],
  [{ image_checksum: sha512 }, { checksum: lower(sha512), os_hash_algo: 'sha512', os_hash_value: lower(sha512) }],
  [{ image_checksum: md5 }, { checksum: lower(md5) }],
  [{ image_checksum: 'http://10.0.0.1/SUMS/ABC' }, { checksum: 'http://10.0.0.1/SUMS/ABC' }],
  [
    { image_checksum: md5, image_os_hash_algo: 'sha256', image_os_hash_value: sha256 },
    { checksum: lower(md5), os_hash_algo: 'sha256', os_hash_value: lower(sha256) },
  ],
  [
    { image_os_hash_algo: 'sha256', image_os_hash_value: 'http://10.0.0.1/SUMS' },
    { os_hash_algo: 'sha256', os_hash_value: 'http://10.0.0.1/SUMS' },
  ],
])('the digests %j are sent so that every agent understands them', (info, digests) => {
  const { checksum, os_hash_algo, os_hash_value } = sent(info)
  expect(JSON.parse(JSON.stringify({ checksum, os_hash_algo, os_hash_value }))).toEqual(digests)
})

test('an image whose URL ends in a slash has an empty name, which agents accept', () => {
  expect(imageInfo.parse({ id: '', urls: ['http://10.0.0.1/i/'], checksum: lower(sha256) }).id).toBe('')
})

function lower(text: string | undefined): string {
  return text?.toLowerCase() ?? ''
}
