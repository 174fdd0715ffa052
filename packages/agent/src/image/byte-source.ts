/**
 * Bytes in order, pulled into the reader's own memory. Every stage of a write (download, decompression) is one of these
 * over another, so a new format is a new stage.
 */
export interface ByteSource {
  /** Fills all of `into`; returns fewer bytes only at the end of the stream, and 0 after it. */
  read(into: Uint8Array): Promise<number>
}
