import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import type { ImageInfo } from '@ferrite/shared/contracts/images'
import { isFault } from '@ferrite/shared/fault'
import { readBytes, writeBytes } from '../disk/disk-bytes.ts'
import { hasTool, scratchFile, sgdiskImage, tool } from '../disk/test-image.fixture.ts'
import { fakeImageServer, serveImage } from './fake-image-server.ts'
import { prepareImage } from './prepare-image.ts'
import { isZero, quick, sha256, testContext, testDisk } from './write-image.fixture.ts'

const MiB = 1024 * 1024
const diskBytes = 160 * MiB
const drive = randomBytes(300_000)

async function gptImage(): Promise<Buffer> {
  await using file = await scratchFile(20 * MiB)
  sgdiskImage(file.path)
  return readFile(file.path)
}

/** A server with an image and a config drive, and what an agent would be told about them. */
async function published(data: Buffer) {
  const server = await fakeImageServer((request, socket) => {
    const drives: Record<string, Buffer> = {
      '/drive.iso': drive,
      '/drive.iso.gz': gzipSync(drive),
      '/drive.b64': Buffer.from(gzipSync(drive).toString('base64')),
    }
    serveImage(drives[request.path] ?? data, request, socket)
  })
  const imageInfo: ImageInfo = {
    id: 'debian',
    urls: [server.url],
    disk_format: 'raw',
    os_hash_algo: 'sha256',
    os_hash_value: sha256(data),
  }
  return { server, imageInfo }
}

test.runIf(hasTool('sgdisk'))(
  'an image with a config drive becomes a disk that sgdisk likes, and the sentence is the expected one',
  async () => {
    const data = await gptImage()
    const { server, imageInfo } = await published(data)
    await using _server = server
    await using target = await testDisk(diskBytes, 0)
    const configdrive = gzipSync(drive).toString('base64')
    const options = { allowMd5: false, limits: quick, ...testContext() }
    const prepared = await prepareImage({ imageInfo, configdrive, disk: target.disk, ...options })
    expect(prepared.text).toBe(`image (debian) written to device ${target.path} root_uuid=0x00000000`)
    expect(prepared.espUuid).toMatch(/^[0-9a-f-]{36}$/)
    expect(tool('sgdisk', '-v', target.path)).toContain('No problems found')
    const partitions = await readBytes(target.disk, MiB, 12 * MiB)
    expect(partitions.equals(data.subarray(MiB, 13 * MiB))).toBe(true)
    const uefi = { ...imageInfo, deploy_boot_mode: 'uefi' }
    const again = await prepareImage({ imageInfo: uefi, disk: target.disk, ...options })
    expect(again.text).toContain(`efi_system_partition_uuid=${again.espUuid}`)
  },
)

test.runIf(hasTool('sgdisk'))('a config drive comes from its URL: plain, gzipped, or as base64 of gzip', async () => {
  const { server, imageInfo } = await published(await gptImage())
  await using _server = server
  await using target = await testDisk(diskBytes, 0)
  const options = { allowMd5: false, limits: quick, ...testContext() }
  for (const path of ['/drive.iso', '/drive.iso.gz', '/drive.b64']) {
    await prepareImage({ imageInfo, configdrive: `${server.origin}${path}`, disk: target.disk, ...options })
    const info = tool('sgdisk', '-i', '3', target.path)
    const first = Number(/First sector: ([0-9]+)/.exec(info)?.[1])
    expect((await readBytes(target.disk, first * 512, drive.length)).equals(drive)).toBe(true)
    await writeBytes(target.disk, first * 512, Buffer.alloc(drive.length))
  }
})

test.each([
  ['no base64', 'ä', 'neither a URL nor base64'],
  ['not gzipped', drive.toString('base64'), 'not gzipped'],
  ['cut gzip', gzipSync(drive).subarray(0, 1000).toString('base64'), 'cannot be unpacked'],
  ['a bomb', gzipSync(Buffer.alloc(65 * MiB)).toString('base64'), 'more than 64 MiB'],
])('a config drive that is %s is refused before the disk is touched', async (_name, configdrive, text) => {
  const { server, imageInfo } = await published(Buffer.alloc(MiB))
  await using _server = server
  await using target = await testDisk(4 * MiB)
  const failure = await prepareImage({
    imageInfo,
    configdrive,
    disk: target.disk,
    allowMd5: false,
    limits: quick,
    ...testContext(),
  }).catch((error: unknown) => error)
  expect(isFault(failure, 'configdrive_invalid') && failure.message).toContain(text)
  expect((await target.content()).every((byte) => byte === 0xa5)).toBe(true)
})

test('an image without a partition table is refused before the disk is touched', async () => {
  const { server, imageInfo } = await published(randomBytes(6 * MiB))
  await using _server = server
  await using target = await testDisk(16 * MiB)
  const prepared = prepareImage({ imageInfo, disk: target.disk, allowMd5: false, limits: quick, ...testContext() })
  await expect(prepared).rejects.toSatisfy((error) => isFault(error, 'partition_table_invalid'))
  expect((await target.content()).every((byte) => byte === 0xa5)).toBe(true)
})

test.runIf(hasTool('sgdisk'))('a config drive without room leaves nothing to boot', async () => {
  const { server, imageInfo } = await published(await gptImage())
  await using _server = server
  await using target = await testDisk(40 * MiB)
  const configdrive = gzipSync(drive).toString('base64')
  const options = { allowMd5: false, limits: quick, ...testContext() }
  await expect(prepareImage({ imageInfo, configdrive, disk: target.disk, ...options })).rejects.toSatisfy((error) =>
    isFault(error, 'configdrive_invalid'),
  )
  const content = await target.content()
  expect(isZero(content.subarray(0, MiB)) && isZero(content.subarray(39 * MiB))).toBe(true)
})
