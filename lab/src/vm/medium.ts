import { open, rename, rm } from 'node:fs/promises'
import { Agent, request } from 'undici'
import { Fault } from '@ferrite/shared/fault'
import { GiB, MiB } from '@ferrite/shared/units'

const pieceBytes = 16 * MiB
const largest = 4 * GiB

/** Fetches a medium in pieces by Range, as BMCs do, whole where the server knows none. Certificates are not looked at. */
export async function fetchMedium(url: string, file: string, signal: AbortSignal): Promise<void> {
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
  const part = `${file}.part`
  try {
    await using target = await open(part, 'w', 0o600)
    for (let at = 0, total = 1; at < total;) {
      const range = `bytes=${at}-${at + pieceBytes - 1}`
      const { statusCode, headers, body } = await request(url, { dispatcher, signal, headers: { range } })
      const contentRange = /^bytes (\d+)-\d+\/(\d+)$/.exec(String(headers['content-range'] ?? ''))
      if (statusCode !== 200 && !(statusCode === 206 && Number(contentRange?.[1]) === at)) {
        await body.dump()
        throw new Fault('image_unreachable', `the server of ${new URL(url).origin} answered ${statusCode}`)
      }
      const before = at
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        await target.write(chunk, 0, chunk.length, at)
        at += chunk.length
        if (at > largest) throw new Fault('image_too_large', 'the medium is larger than 4 GiB')
      }
      total = statusCode === 206 ? Number(contentRange?.[2]) : at
      if (at === before && at < total)
        throw new Fault('image_truncated', `the medium ends after ${at} of ${total} bytes`)
    }
  } catch (error) {
    await rm(part, { force: true })
    throw error
  } finally {
    await dispatcher.destroy()
  }
  await rename(part, file)
}
