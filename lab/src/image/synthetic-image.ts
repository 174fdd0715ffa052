import { createCipheriv } from 'node:crypto'
import { open } from 'node:fs/promises'
import { MiB } from '@ferrite/shared/units'
import { fatImage } from './fat.ts'
import { sector, types, writeGpt, type Partition } from './gpt.ts'

const mib = MiB / sector
const text = 'Ferrite demo image without an operating system: it was made where no Debian packages could be had.\r\n'

/** Makes a valid GPT disk of our own bytes alone: an EFI partition with a note, and data that no compression helps. It says so when booted. */
export async function makeSyntheticImage(file: string, { sizeBytes }: { sizeBytes: number }): Promise<void> {
  const sectors = Math.floor(sizeBytes / MiB) * mib
  const esp = partition(5, types.esp, { first: mib, last: 9 * mib - 1, name: 'esp' })
  const data = partition(6, types.linux, { first: 9 * mib, last: sectors - mib - 1, name: 'data' })
  const espBytes = fatImage(esp.last - esp.first + 1, 'ESP', { 'README.TXT': Buffer.from(text) })
  const { front, back } = writeGpt(
    { diskId: 'f3e221e0-0007-4000-8000-73796e746865', partitions: [esp, data] },
    sectors,
    bootCode(),
  )
  await using disk = await open(file, 'w')
  await disk.truncate(sectors * sector)
  await disk.write(front, 0, front.length, 0)
  await disk.write(espBytes, 0, espBytes.length, esp.first * sector)
  const noise = createCipheriv('aes-128-ctr', Buffer.from('ferrite demo key'), Buffer.alloc(16))
  const zeros = Buffer.alloc(4 * MiB)
  for (let at = data.first * sector; at < (data.last + 1) * sector; at += zeros.length) {
    const length = Math.min(zeros.length, (data.last + 1) * sector - at)
    const bytes = noise.update(zeros.subarray(0, length))
    await disk.write(bytes, 0, bytes.length, at)
  }
  await disk.write(back, 0, back.length, sectors * sector - back.length)
}

const partition = (index: number, type: string, place: Pick<Partition, 'first' | 'last' | 'name'>): Partition => ({
  type,
  id: `f3e221e0-000${index}-4000-8000-73796e746865`,
  attributes: 0n,
  ...place,
})

/** Real-mode code at 0x7c00 that prints the text by the BIOS and halts. */
function bootCode(): Buffer {
  // oxfmt-ignore
  const code = Buffer.from([
    0x31, 0xc0,             // xor  ax, ax
    0x8e, 0xd8,             // mov  ds, ax
    0xbe, 0x1a, 0x7c,       // mov  si, 0x7c1a (the text)
    0xac,                   // lodsb
    0x84, 0xc0,             // test al, al
    0x74, 0x09,             // jz   halt
    0xb4, 0x0e,             // mov  ah, 0x0e
    0xbb, 0x07, 0x00,       // mov  bx, 7
    0xcd, 0x10,             // int  0x10
    0xeb, 0xf2,             // jmp  lodsb
    0xf4,                   // halt: hlt
    0xeb, 0xfd,             // jmp  halt
    0x90, 0x90,             // (so that the text is at 0x1a)
  ])
  return Buffer.concat([code, Buffer.from(`${text}\0`, 'latin1')], 440)
}
