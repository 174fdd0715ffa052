import { Fault } from '@ferrite/shared/fault'
import type { Exchange } from './exchange.ts'
import { contentRange, validatorOf } from './response-head.ts'

/** What is known of the image that a range is to continue. */
export type Begun = { url: string; position: number; totalBytes: number | null; validator: string | undefined }

/** Whether a 206 goes on where the image was left; answers its whole length, if it tells. Fault image_refused. */
export function checkRange(exchange: Exchange, begun: Begun): number | null {
  const { url, position, totalBytes, validator } = begun
  const range = contentRange(exchange.head.headers.get('content-range'))
  if (validator === undefined || !range || range.start !== position) {
    throw new Fault('image_refused', `${url} answered with another range than byte ${position} onwards`)
  }
  const { start, end, total } = range
  const wrongLength = exchange.length !== null && exchange.length !== end - start + 1
  if (wrongLength || (total !== null && totalBytes !== null && total !== totalBytes)) {
    throw new Fault('image_refused', `${url} answered with a range whose lengths contradict each other`)
  }
  const found = validatorOf(exchange.head)
  if (found !== undefined && found !== validator) {
    throw new Fault('image_refused', `${url} answered with a range of a changed image`)
  }
  return total
}
