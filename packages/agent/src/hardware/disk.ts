/**
 * An open disk: a block device or a file that acts like one. Buffers handed to `write` and `read` must be aligned to
 * `alignment` in memory, offset and length when `direct` is true; `allocate` makes such buffers.
 */
export interface Disk extends AsyncDisposable {
  readonly path: string
  /** Bytes; a multiple of `logicalSectorBytes`. */
  readonly sizeBytes: number
  readonly logicalSectorBytes: number
  readonly alignment: number
  /** True when writes go around the page cache (O_DIRECT). False: the reason is in `directRefused`. */
  readonly direct: boolean
  readonly directRefused?: string
  /** Writes all of `buffer` at `offset`. Fault disk_failed with the system's error and the offset. */
  write(buffer: Uint8Array, offset: number): Promise<void>
  /**
   * Has the range read as zeros from now on by the disk's own means, without sending them: true when that is so. Absent
   * or false: it cannot, and zeros have to be written. Offset and length are multiples of `alignment`.
   */
  zero?(offset: number, bytes: number): Promise<boolean>
  /** Fills `buffer` from `offset`. */
  read(buffer: Uint8Array, offset: number): Promise<void>
  /** fsync; its result decides whether anything was written at all. */
  flush(): Promise<void>
  /** Drops cached pages so that reads come from the device. Best effort. */
  dropCache(): Promise<void>
  /** Tells the kernel (and waits for udev) to see the new partition table. Nothing to do for a file. */
  rereadPartitions(): Promise<void>
}

/** Page-aligned memory that O_DIRECT accepts, shared between threads. */
export const allocateAligned = (bytes: number): Uint8Array<SharedArrayBuffer> => {
  const pages = Math.ceil(bytes / 65_536)
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
  return new Uint8Array(memory.buffer as SharedArrayBuffer, 0, bytes)
}
