export type LayoutLimits = {
  /** Memory of the finished layout; while it is sorted, half as much again may be in use for a moment. */
  maxLayoutBytes: number
  /** All L2 tables together, which are read before the image is: 8 bytes for each allocated cluster. */
  maxTableBytes: number
}

/** Enough for 4 TiB of 64 KiB clusters in the order in which qemu-img writes them. */
export const defaultLayoutLimits: LayoutLimits = {
  maxLayoutBytes: 64 * 1024 * 1024,
  maxTableBytes: 512 * 1024 * 1024,
}

// The bounds of QEMU itself: what is beyond them, nothing else could open either.
export const maxL1Bytes = 32 * 1024 * 1024
export const maxRefcountTableBytes = 8 * 1024 * 1024
export const maxSnapshots = 65_536
export const maxBitmaps = 65_535
