import { request } from 'undici'
import { readIso } from '@ferrite/conductor/iso/read'
import type { Iso } from '@ferrite/conductor/iso/read'
import { parseKernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import type { KernelArgs } from '@ferrite/conductor/netboot/kernel-args'
import { explain } from '@ferrite/shared/fault'

/** What the firmware found: a ramdisk with its command line, a system on the disk, or nothing and why. */
export type Found = { ramdisk: KernelArgs } | { disk: string } | { nothing: string }

/** A file on the lab's own ramdisk media that holds the kernel's command line. */
export const commandLineFile = 'kernel-params.txt'
const parametersFile = 'parameters.txt'
const largestMedium = 256 << 20

/**
 * Starts from virtual media as a machine and its ramdisk would: the CD brings the kernel's command line; with
 * `boot_method=vmedia` on it, `parameters.txt` of any medium labelled `ir-vfd-dev` (or of the CD) wins over it.
 */
export async function bootFromMedia(cd: string, others: readonly string[], signal: AbortSignal): Promise<Found> {
  let disc: Iso
  try {
    disc = readIso(await download(cd, signal))
  } catch (error) {
    return { nothing: `the virtual CD cannot be read: ${explain(error)}` }
  }
  const commandLine = commandLineOf(disc)
  const media = [disc]
  for (const url of others) {
    const medium = await download(url, signal).then(readIso, () => undefined)
    if (medium) media.push(medium)
  }
  const labelled = media.filter((medium, i) => i === 0 || medium.volumeId.toLowerCase() === 'ir-vfd-dev')
  const parameters = new Map(commandLine)
  for (const medium of labelled) {
    for (const [name, value] of argsIn(medium, parametersFile) ?? []) parameters.set(name, value)
  }
  return { ramdisk: [...parameters] }
}

const argsIn = (medium: Iso, file: string): KernelArgs | undefined => {
  const bytes = medium.files.get(file)
  return bytes ? parseKernelArgs(Buffer.from(bytes).toString('utf8')) : undefined
}

/** Our own file, else what a boot loader's configuration on the disc hands to the kernel. */
function commandLineOf(disc: Iso): KernelArgs {
  const own = argsIn(disc, commandLineFile)
  if (own) return own
  for (const [name, bytes] of disc.files) {
    if (!/(isolinux|grub|syslinux)\.cfg$/i.test(name)) continue
    const line = /^\s*(?:append|linux(?:efi)?\s+\S+)\s+(.*)$/im.exec(Buffer.from(bytes).toString('utf8'))?.[1]
    if (line) return parseKernelArgs(line.replace(/\s*--\s*$/, ''))
  }
  return [['boot_method', 'vmedia']]
}

async function download(url: string, signal: AbortSignal): Promise<Uint8Array> {
  const { statusCode, body } = await request(url, { signal, headersTimeout: 10_000, bodyTimeout: 10_000 })
  if (statusCode !== 200) {
    await body.dump()
    throw new Error(`the medium's server answers ${statusCode}`)
  }
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    bytes += chunk.length
    if (bytes > largestMedium) throw new Error('the medium is larger than 256 MiB')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
