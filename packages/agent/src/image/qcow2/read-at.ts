/** Reads exactly `length` bytes at `offset` of the image file: an HTTP range in production, a file in tests. */
export type ReadAt = (offset: number, length: number, signal: AbortSignal) => Promise<Uint8Array>
