import { createHash } from 'node:crypto'
import { openAnyDisk } from '@ferrite/agent/hardware/open-any-disk'
import { defaultLimits } from '@ferrite/agent/image/request'
import { writeImage } from '@ferrite/agent/image/write-image'

// The write as the agent does it, in a process of its own so that its CPU and memory can be measured.
const [url = '', value = '', target = '', flag] = process.argv.slice(2)
const mapUrl = `${url}.chunks.json`
const mapDigest = async (): Promise<string> =>
  createHash('sha256')
    .update(new Uint8Array(await (await fetch(mapUrl)).arrayBuffer()))
    .digest('hex')
await using disk = await openAnyDisk(target)
await writeImage(
  {
    urls: [url],
    digest: { algorithm: 'sha256', value },
    format: null,
    verify: flag !== '--no-verify',
    allowMd5: false,
    limits: defaultLimits,
    ...(flag === '--map'
      ? { chunkMap: { url: mapUrl, digest: { algorithm: 'sha256', value: await mapDigest() } } }
      : {}),
  },
  disk,
  { signal: new AbortController().signal, onProgress: () => undefined },
)
