import { expect, test } from 'vitest'
import type { Task } from '../../core/task.ts'
import { checkImage } from './check-image.ts'

const sha256 = 'a'.repeat(64)
const good = { image_source: 'http://10.0.0.1/d.img', image_os_hash_algo: 'sha256', image_os_hash_value: sha256 }
const check = (instance_info: object, allowMd5 = false) =>
  checkImage({ node: { uuid: 'u', instance_info, traits: ['CUSTOM_A'] } } as unknown as Task, {
    allowMd5,
    ask: async () => {},
  })

test.each([
  good,
  { ...good, image_os_hash_algo: 'sha512', image_os_hash_value: 'A'.repeat(128) },
  { ...good, image_os_hash_value: 'https://10.0.0.1/SHA256SUMS' },
  { image_source: good.image_source, image_checksum: sha256 },
  { image_source: good.image_source, image_checksum: 'http://10.0.0.1/SUMS' },
  { ...good, traits: ['CUSTOM_A'] },
  { ...good, image_disk_format: 'qcow2', ferrite_content_checksum: `sha256:${sha256}` },
  { ...good, ferrite_chunk_map: 'http://10.0.0.1/d.chunks.json', ferrite_chunk_map_checksum: sha256 },
])('%j can be deployed', async (info) => {
  await expect(check(info)).resolves.toBeUndefined()
})

test.each([
  [{}, /Missing are: \['image_source'\]/],
  [{ ...good, image_source: 'file:///etc/passwd' }, /must be an http or https URL/],
  [{ ...good, image_source: 'not a url' }, /must be an http or https URL/],
  [{ image_source: good.image_source }, /has no checksum/],
  [{ ...good, image_os_hash_value: undefined }, /given together/],
  [{ ...good, image_os_hash_algo: 'crc32' }, /must be sha256 or sha512/],
  [{ ...good, image_os_hash_algo: 'sha512' }, /has 128 hexadecimal digits, the image's has 64/],
  [{ image_source: good.image_source, image_checksum: 'b'.repeat(32) }, /md5 is not accepted/],
  [{ image_source: good.image_source, image_checksum: 'xyz' }, /must be sha256 or sha512/],
  [{ ...good, traits: ['CUSTOM_B'] }, /CUSTOM_B/],
  [{ ...good, image_disk_format: 'vmdk' }, /convert it to qcow2 or raw/],
  [{ ...good, ferrite_chunk_map: 'http://10.0.0.1/d.chunks.json' }, /ferrite_chunk_map_checksum must be/],
  [{ ...good, ferrite_chunk_map: 'd.json', ferrite_chunk_map_checksum: sha256 }, /must be an http/],
])('%j is refused before anything is done', async (info, why) => {
  await expect(check(info)).rejects.toThrow(why)
})

test('md5 is taken where the configuration takes it', async () => {
  await expect(
    check({ image_source: good.image_source, image_checksum: 'b'.repeat(32) }, true),
  ).resolves.toBeUndefined()
})
