import { Command, Option } from 'commander'
import { Fault, isFault } from '@ferrite/shared/fault'
import { openAnyDisk } from '@ferrite/agent/hardware/open-any-disk'
import { defaultLimits } from '@ferrite/agent/image/request'
import { writeImage } from '@ferrite/agent/image/write-image'
import {
  collect,
  parseChecksum,
  parseDigest,
  parseCount,
  parseSeconds,
  parseSize,
  requestOf,
  sizeOptions,
} from './write-options.ts'
import type { WriteOptions } from './write-options.ts'
import { jsonOutput, textOutput } from './write-output.ts'

const examples = `
Examples:
  $ ferrite write --url http://images/debian.raw --checksum sha256:HEX --disk /dev/sdb
  $ ferrite write --url http://images/debian.qcow2 --checksum http://images/SHA256SUMS --disk /dev/sdb
  $ ferrite write --url http://a/d.raw --url http://b/d.raw --checksum http://a/SHA256SUMS --disk disk.img --json

Exit codes: 0 written, 1 failed (nothing on the disk can boot), 2 wrong usage, 130 interrupted.`

/** `ferrite write`: an image from HTTP onto a disk or a file, as an agent does it during a deployment. */
export function writeCommand(): Command {
  return new Command('write')
    .description(
      'write an image (raw, qcow2, or raw in gzip, zstd, xz, bzip2) onto a disk or a file, verified, so that only a complete one can boot',
    )
    .requiredOption('--url <url>', 'image, http or https; give it again for further mirrors', collect)
    .option(
      '--checksum <checksum>',
      'of the image as it is served: sha256:HEX, sha512:HEX, or the URL of a checksum file',
      parseChecksum,
    )
    .option('--content-checksum <checksum>', "of the disk's content, decoded: sha256:HEX or sha512:HEX", parseDigest)
    .option('--chunk-map <url>', 'map made by "ferrite image index": only what the disk lacks is fetched')
    .option('--chunk-map-checksum <checksum>', 'of the map: sha256:HEX', parseDigest)
    .requiredOption('--disk <path>', 'block device, or a file that acts like one')
    .option('--format <format>', 'what the image must be: raw or qcow2 (default: as its bytes say)')
    .option('--size <bytes>', 'size of a file that does not exist yet, such as 20G (default: as the image)', parseSize)
    .option('--no-verify', 'do not read the disk back after writing')
    .option('--json', 'one line of JSON a second, and one with the result at the end')
    .option('--allow-md5', 'accept an md5 checksum')
    .option('--insecure', 'do not verify the certificate of an https server')
    .option('--ca-file <file>', 'PEM certificates to trust for https')
    .option(
      '--authorization-file <file>',
      "file with the value of the Authorization header, for the first URL's origin",
    )
    .addOption(seconds('--timeout', 'for the whole write, 0 for none', defaultLimits.totalTimeoutMs))
    .addOption(seconds('--stall-timeout', 'without a byte before reconnecting', defaultLimits.stallTimeoutMs))
    .addOption(seconds('--connect-timeout', 'for a connection', defaultLimits.connectTimeoutMs))
    .option(
      '--min-rate <bytes>',
      'bytes a second below which a mirror is given up',
      parseSize,
      defaultLimits.minBytesPerSecond,
    )
    .option('--retries <count>', 'reconnections without progress', parseCount, defaultLimits.maxFruitlessAttempts)
    .addHelpText('after', examples)
    .action(async (options: WriteOptions) => {
      process.exitCode = await write(options)
    })
}

const seconds = (name: string, description: string, defaultMs: number): Option =>
  new Option(`${name} <seconds>`, description).argParser(parseSeconds).default(defaultMs, String(defaultMs / 1000))

async function write(options: WriteOptions): Promise<number> {
  const interrupt = new AbortController()
  let interruptedAt = 0
  // A terminal and pnpm both pass on Ctrl-C: only a later one means "do not even clean up".
  const onSignal = () => {
    if (interruptedAt > 0 && performance.now() - interruptedAt > 1000) process.exit(130)
    interruptedAt ||= performance.now()
    interrupt.abort(new Fault('aborted', 'the write was interrupted'))
  }
  // They stay to the end: the second of a doubled Ctrl-C must not change the exit code.
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  const output = options.json ? jsonOutput() : textOutput(process.stderr)
  try {
    const request = await requestOf(options)
    await using disk = await openAnyDisk(options.disk, await sizeOptions(options, request, interrupt.signal))
    if (disk.directRefused) output.note(`no direct I/O on ${disk.path}: ${disk.directRefused}; using the page cache`)
    const result = await writeImage(request, disk, { signal: interrupt.signal, onProgress: output.progress })
    await disk.rereadPartitions()
    output.done(result, disk)
    return 0
  } catch (error) {
    output.failed(error)
    return isFault(error, 'aborted') ? 130 : isFault(error, 'invalid') ? 2 : 1
  }
}
