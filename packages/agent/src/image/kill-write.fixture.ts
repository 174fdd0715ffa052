import { openFileDisk } from '../hardware/file-disk.ts'
import { defaultLimits } from './request.ts'
import { writeImage } from './write-image.ts'

// A write in a process of its own that ends at once, as by SIGKILL, at the n-th write to the disk.
const [url = '', value = '', path = '', killAt = '0'] = process.argv.slice(2)
const disk = await openFileDisk(path)
let writes = 0
const mortal = Object.assign(Object.create(disk) as typeof disk, {
  async write(buffer: Uint8Array, offset: number) {
    writes += 1
    // The boot block is the last write of all, whatever its number.
    const isBootBlock = offset === 0 && buffer.some((byte) => byte !== 0)
    if (writes === Number(killAt) || (killAt === 'boot' && isBootBlock)) process.kill(process.pid, 'SIGKILL')
    await disk.write(buffer, offset)
  },
})
await writeImage(
  {
    urls: [url],
    digest: { algorithm: 'sha256', value },
    format: 'raw',
    verify: true,
    allowMd5: false,
    limits: defaultLimits,
  },
  mortal,
  { signal: AbortSignal.timeout(20_000), onProgress: () => undefined },
)
