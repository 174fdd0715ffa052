import { isFault } from '@ferrite/shared/fault'
import type { FaultCode } from '@ferrite/shared/fault'
import { quick, sha256 } from '../write-image.fixture.ts'
import { ImageSource, StartedAnew } from './image-source.ts'
import type { SourceRequest } from './image-source.ts'

/** Reads all of an image, from its beginning again as often as the source wants, in odd pieces. */
export async function readAll(request: Omit<SourceRequest, 'limits'> & Partial<SourceRequest>, pieceBytes = 700_001) {
  using source = new ImageSource({ limits: quick, ...request }, AbortSignal.timeout(10_000))
  await source.open()
  for (;;) {
    const parts: Buffer[] = []
    try {
      for (;;) {
        const piece = Buffer.alloc(pieceBytes)
        const bytes = await source.read(piece)
        parts.push(piece.subarray(0, bytes))
        if (bytes < pieceBytes) break
      }
      const { bytesReceived, bytesWasted, resumes, totalBytes } = source
      return { digest: sha256(Buffer.concat(parts)), bytesReceived, bytesWasted, resumes, totalBytes }
    } catch (error) {
      if (!(error instanceof StartedAnew)) throw error
    }
  }
}

export const fails =
  (code: FaultCode, text = '') =>
  (error: unknown): boolean =>
    isFault(error, code) && error.message.includes(text)
