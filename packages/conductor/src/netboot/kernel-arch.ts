/** Machine types of ELF and of PE executables that servers have, by `properties.cpu_arch`. */
const elfMachines: Readonly<Record<number, string>> = {
  3: 'i686',
  21: 'ppc64',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv64',
}
const peMachines: Readonly<Record<number, string>> = {
  0x14c: 'i686',
  0x8664: 'x86_64',
  0xaa64: 'aarch64',
  0x5064: 'riscv64',
}

/** What processor a kernel is for, from its first KiB; undefined for what is not known to be a kernel. */
export function kernelArch(head: Buffer): string | undefined {
  if (head.length < 0x240) return undefined
  // The x86 boot protocol: "HdrS", and in xloadflags whether there is a 64-bit entry.
  if (head.toString('latin1', 0x202, 0x206) === 'HdrS') return head.readUInt16LE(0x236) & 1 ? 'x86_64' : 'i686'
  if (head.toString('latin1', 0x38, 0x3c) === 'ARM\x64') return 'aarch64'
  if (head.toString('latin1', 0x38, 0x3c) === 'RSC\x05') return 'riscv64'
  if (head.toString('latin1', 0, 2) === 'MZ') {
    const at = head.readUInt32LE(0x3c)
    if (at + 6 > head.length || head.toString('latin1', at, at + 4) !== 'PE\0\0') return undefined
    return peMachines[head.readUInt16LE(at + 4)]
  }
  return elfArch(head)
}

/** The processor of an ELF file that begins at `at`. */
export function elfArch(bytes: Buffer, at = 0): string | undefined {
  if (bytes.length < at + 20 || bytes.readUInt32BE(at) !== 0x7f454c46) return undefined
  const machine = bytes[at + 5] === 2 ? bytes.readUInt16BE(at + 18) : bytes.readUInt16LE(at + 18)
  return elfMachines[machine]
}

const aliases: Readonly<Record<string, string>> = { amd64: 'x86_64', x64: 'x86_64', arm64: 'aarch64', i386: 'i686' }
/** One name for a processor that people call by several. */
export const archName = (given: string): string => aliases[given.toLowerCase()] ?? given.toLowerCase()
