/** What is wrong with a BMC at the moment. Set and cleared while it runs; an empty object is a healthy one. */
export type BmcFaults = {
  /** Answers every request with this status. */
  refuse?: number
  /** Only these requests are refused; default all. */
  refuseWhen?: (request: { method: string; path: string }) => boolean
  /** Takes the request and never answers. */
  hang?: boolean
  /** Closes the connection instead of answering. */
  drop?: boolean
  /** Answers with text that is no JSON. */
  garbage?: boolean
  /** JSON, but everything in it has the wrong type. */
  wrongTypes?: boolean
  /** Answers with this many bytes more than asked for. */
  flood?: number
  /** Waits before each answer, ms. */
  slowMs?: number
  /** Answers this many requests with 503, then works again. */
  unavailable?: number
  /** Answers every n-th request with 500. */
  failEvery?: number
  /** Says yes to power commands and does nothing. */
  liesAboutPower?: boolean
  /** Says yes to a change of the boot device and forgets it. */
  liesAboutBoot?: boolean
  /** Says yes to inserting media and inserts nothing. */
  liesAboutMedia?: boolean
  /** Shows this power state whatever the machine does. */
  stalePower?: 'On' | 'Off'
  /** Shows a new power state only after this many readings. */
  lateReadings?: number
  /** Links, task and session locations lead to this origin. */
  offOrigin?: string
  /** Sessions that may be open at once. */
  sessionLimit?: number
  /** Forgets all sessions now (set back by the BMC). */
  forgetSessions?: boolean
  /** Power commands become tasks; `vanishing` ones answer 404 once they have ended; `failing` ones end in Exception. */
  tasks?: 'normal' | 'vanishing' | 'failing'
  /** Wants an If-Match on PATCH: the true one, or (weak, empty) shows tags that it then refuses itself. */
  etag?: 'strict' | 'weak' | 'empty'
  /** Refuses a power command that asks for the present state. */
  alreadyInState?: 400 | 409
  /** Refuses to insert into a slot that holds something. */
  staleInserted?: boolean
}

/** What an image server does wrong with one image. Several may be set. Offsets are bytes of the image. */
export type ImageFaults = {
  status?: number
  redirectTo?: string
  /** Sends nothing more from here on, and keeps the connection open. */
  stallAt?: number
  /** Told when the stall has begun. */
  onStall?: () => void
  /** Told when the whole answer has been sent. */
  onSent?: () => void
  /** The stall happens this many times, then the image is served whole; default always. */
  stalls?: number
  /** Closes the connection here; the length in the header stays. */
  truncateAt?: number
  /** As above, this many times. */
  truncations?: number
  /** The image is really this short: header and body agree. */
  shortenTo?: number
  flipByte?: number
  /** What Content-Length claims. */
  claimLength?: number
  /** No Content-Length: chunked, or with `truncateAt` cut off in the middle of a chunk. */
  chunked?: boolean
  /** Each request sees another ETag. */
  changingEtag?: boolean
  /** Answers 200 and the whole image to a Range request. */
  ignoreRange?: boolean
  bytesPerSecond?: number
  contentEncoding?: string
  firstByteAfterMs?: number
}
