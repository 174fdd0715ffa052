/** The part of WebAssembly that aligned memory needs; neither Node's types nor esnext declare it. */
declare namespace WebAssembly {
  class Memory {
    constructor(descriptor: { initial: number; maximum?: number; shared?: boolean })
    readonly buffer: ArrayBufferLike
  }
}
