import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { constants, zstdCompress, zstdDecompress } from 'node:zlib'
import { Fault } from '@ferrite/shared/fault'

const compress = promisify(zstdCompress)
const decompress = promisify(zstdDecompress)

/**
 * Compresses one cpio archive to one zstd frame; the kernel unpacks frames one after the other. One thread, so that equal
 * archives give equal bytes. What was compressed before comes from the cache.
 */
export async function compressed(
  archive: Buffer,
  { level, cacheDir }: { level: number; cacheDir: string },
): Promise<Buffer> {
  const directory = path.join(cacheDir, 'frames')
  const key = createHash('sha256').update(archive).digest('hex').slice(0, 32)
  const file = path.join(directory, `${key}-zstd${process.versions.zstd}-${level}.zst`)
  const known = await readFile(file).catch(() => undefined)
  if (known) return known
  const frame = await compress(archive, { params: { [constants.ZSTD_c_compressionLevel]: level } })
  // A machine that cannot unpack its ramdisk only says that it found no init.
  if (!archive.equals(await decompress(frame))) throw new Fault('bug', 'a part of the ramdisk was compressed wrongly')
  await mkdir(directory, { recursive: true })
  const part = `${file}.${process.pid}.part`
  await writeFile(part, frame)
  await rename(part, file)
  return frame
}
