import { Fault } from '@ferrite/shared/fault'
import { imageFormats, isCompression } from './image-formats.ts'
import type { CompressionFormat, ImageFormat } from './image-formats.ts'

/** What the pipeline does with the bytes: as they are, decompressed first, or cluster by cluster. */
export type Treatment = 'raw' | 'qcow2' | CompressionFormat

/**
 * What a `disk_format` may be in truth. It is that of the disk image itself: that it travels compressed is found from
 * the bytes and is no contradiction. The kernel and ramdisk formats are raw by another name.
 */
// oxfmt-ignore
const truths: Record<string, readonly ImageFormat[]> = {
  raw:   ['raw', 'mbr', 'gpt', 'iso', 'luks'],
  ami:   ['raw', 'mbr', 'gpt', 'iso', 'luks'],
  ari:   ['raw'],
  aki:   ['raw'],
  // An MBR without a GPT is called gpt by Ironic's inspection.
  gpt:   ['gpt', 'mbr'],
  iso:   ['iso'],
  luks:  ['luks'],
  qcow2: ['qcow2'],
}

/**
 * Compares what was declared (null or "unknown": nothing) with what the bytes are, and says what to do with them. Fault
 * image_format_refused when they disagree or when the format cannot be written.
 */
export function chooseFormat(declared: string | null, detected: ImageFormat): Treatment {
  const wanted = normalize(declared)
  const { become, name } = imageFormats[detected]
  if (become === 'convert') throw refused(`the image is ${name}, which is not written; ${convert(detected)}`)
  if (become === 'unpack') throw refused(`the image is ${name}; unpack it and give the disk image that is in it`)
  if (wanted !== null && !Object.hasOwn(truths, wanted)) {
    const accepted = Object.keys(truths).join(', ')
    const advice =
      Object.hasOwn(imageFormats, wanted) && imageFormats[wanted as ImageFormat].become === 'decompress'
        ? 'declare what is inside, raw: the compression is found by itself'
        : 'convert it to qcow2 or raw'
    throw refused(`images of the format "${wanted}" are not written; ${advice} (known: ${accepted})`)
  }
  if (isCompression(detected)) return detected
  if (wanted === null && detected === 'luks') {
    throw refused(
      'the image is a LUKS volume, which boots by itself only rarely; declare the format raw to write it as it is',
    )
  }
  if (wanted !== null && !truths[wanted]?.includes(detected)) {
    throw refused(
      `the image is declared ${wanted} but it is ${name}: an image that claims to be another format can be an attack; ` +
        `declare what it is, or convert it`,
    )
  }
  return detected === 'qcow2' ? 'qcow2' : 'raw'
}

/**
 * The same for what comes out of a compressed image, which must be the disk itself. Fault image_format_refused for
 * another compression inside, and for a qcow2 image, whose tables would have to be read before the rest.
 */
export function chooseInnerFormat(declared: string | null, outer: CompressionFormat, inner: ImageFormat): 'raw' {
  if (isCompression(inner)) throw refused(`the image is ${inner} inside of ${outer}; compress it once`)
  if (inner === 'qcow2') {
    const advice = 'serve it without, for instance made with qemu-img convert -c -O qcow2 -o compression_type=zstd'
    throw refused(`the image is a qcow2 image inside of ${outer}, which cannot be written as a stream; ${advice}`)
  }
  chooseFormat(declared, inner)
  return 'raw'
}

function normalize(declared: string | null): string | null {
  const name = declared?.trim().toLowerCase() ?? ''
  return name === '' || name === 'unknown' ? null : name
}

/** The name that qemu-img has for a format, where it has another one. */
const qemuNames: Partial<Record<ImageFormat, string>> = { vhd: 'vpc' }

const convert = (format: ImageFormat): string =>
  `convert it with qemu-img convert -f ${qemuNames[format] ?? format} -O qcow2 IMAGE NEW.qcow2`

const refused = (message: string): Fault => new Fault('image_format_refused', message)
