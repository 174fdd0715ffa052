/** QEMU's `-netdev stream`: each Ethernet frame after its length in 32 bits. Calls back with whole frames, length included. */
export function frameReader(onFrame: (framed: Buffer) => void): (bytes: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0)
  return (bytes) => {
    const all = rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes
    let at = 0
    while (all.length - at >= 4) {
      const end = at + 4 + all.readUInt32BE(at)
      if (all.length < end) break
      onFrame(all.subarray(at, end))
      at = end
    }
    rest = all.subarray(at)
  }
}

export const framed = (frame: Uint8Array): Buffer => {
  const bytes = Buffer.alloc(4 + frame.length)
  bytes.writeUInt32BE(frame.length)
  bytes.set(frame, 4)
  return bytes
}
