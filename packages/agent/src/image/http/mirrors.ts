import { Fault } from '@ferrite/shared/fault'
import { imageUrl, shownUrl } from './image-url.ts'

/** The places that an image may come from; the first one is in use. */
export class Mirrors {
  readonly #urls: URL[]
  /** Why the one before was left: what it gave was another image. */
  #otherImage: Fault | undefined

  /** Fault invalid where one is no URL of an image. */
  constructor(urls: readonly string[]) {
    this.#urls = urls.map((text) => imageUrl(text))
  }

  get current(): URL | undefined {
    return this.#urls[0]
  }

  get count(): number {
    return this.#urls.length
  }

  /** The one in use, as it may be shown. */
  get shown(): string {
    return this.current ? shownUrl(this.current) : ''
  }

  /** Puts the one in use behind the others. */
  rotate(): void {
    const first = this.#urls.shift()
    if (first) this.#urls.push(first)
  }

  /** Leaves the one in use for good; `otherImage` says so where what it gave was not the image. */
  drop(otherImage?: Fault): void {
    this.#urls.shift()
    if (otherImage) this.#otherImage = otherImage
  }

  /** The failure of the last one, with what became of one that had another image. */
  explained(failure: Fault): Fault {
    const other = this.#otherImage
    if (!other) return failure
    const { code, message, details, cause } = failure
    return new Fault(code, `${message}; before that, ${other.message}`, { ...details, cause })
  }
}
