import { open, writeFile } from 'node:fs/promises'
import { createHash } from 'node:crypto'
import { Command } from 'commander'
import { explain, Fault } from '@ferrite/shared/fault'
import { indexImage } from '@ferrite/agent/image/chunk-map/index-image'
import { parseSize } from './write-options.ts'

const examples = `
Examples:
  $ ferrite image index debian.raw              # writes debian.raw.chunks.json
  $ ferrite write --url http://images/debian.raw --chunk-map http://images/debian.raw.chunks.json \\
      --chunk-map-checksum sha256:HEX --disk /dev/sdb`

/** `ferrite image`: what is done with images before they are served. */
export function imageCommand(): Command {
  const image = new Command('image').description('make the chunk map of an image')
  image
    .command('index <file>')
    .description('write the chunk map of a raw image, by which a write fetches only what a disk lacks')
    .option('-o, --output <file>', 'where to (default: FILE.chunks.json; - is standard output)')
    .option('--chunk-size <bytes>', '64K to 4M', parseSize, parseSize('4M'))
    .addHelpText('after', examples)
    .action(async (file: string, options: { output?: string; chunkSize: number }) => {
      process.exitCode = await index(file, options.output ?? `${file}.chunks.json`, options.chunkSize)
    })
  return image
}

async function index(file: string, mapFile: string, chunkSize: number): Promise<number> {
  try {
    const text = `${JSON.stringify(await indexOf(file, chunkSize))}\n`
    if (mapFile === '-') process.stdout.write(text)
    else {
      await writeFile(mapFile, text)
      const sha256 = createHash('sha256').update(text).digest('hex')
      process.stdout.write(`${mapFile} sha256:${sha256}\n`)
    }
    return 0
  } catch (error) {
    process.stderr.write(`error: ${explain(error)}\n`)
    return 1
  }
}

async function indexOf(file: string, chunkSize: number) {
  const handle = await open(file).catch((cause: unknown) => {
    throw new Fault('invalid', `cannot open ${file}`, { cause })
  })
  try {
    return await indexImage(
      {
        async read(into) {
          let filled = 0
          while (filled < into.length) {
            const { bytesRead } = await handle.read(into, filled, into.length - filled)
            if (bytesRead === 0) break
            filled += bytesRead
          }
          return filled
        },
      },
      chunkSize,
    )
  } finally {
    await handle.close()
  }
}
