import { mkdtemp, readFile, rmdir } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Logger } from 'pino'
import { Fault, explain } from '@ferrite/shared/fault'
import { parseKernelParams } from '../kernel-params.ts'
import { parseLsblk } from './lsblk.ts'
import type { BlockDevice } from './lsblk.ts'
import { run, runOk } from './run.ts'

const labels = new Set(['ir-vfd-dev', 'ir-deploy', 'vmedia_boot_iso', 'config-2'])

/** Where the boot loader of an ISO image that our conductor made leaves the parameters: in the ramdisk itself. */
const fromLoader = '/parameters.txt'

/**
 * The parameters that the conductor put on the virtual medium we booted from: brought along by its boot loader, else
 * read from it, for which the kernel needs a driver. Fault not_found when no medium has any.
 */
export async function virtualMediaParams(log: Logger, brought = fromLoader): Promise<Map<string, string>> {
  const text = await readFile(brought, 'utf8').catch(() => undefined)
  if (text === undefined) return paramsOnMedia(log)
  log.info({ file: brought }, 'the boot loader brought the parameters of the virtual medium')
  return parseKernelParams(text)
}

async function paramsOnMedia(log: Logger): Promise<Map<string, string>> {
  const { stdout } = await runOk('lsblk', ['-J', '-b', '-O'], { maxOutputBytes: 16 * 1024 * 1024 })
  const media: BlockDevice[] = []
  for (const device of flat(parseLsblk(stdout))) {
    if (labels.has((await labelOf(device)).toLowerCase())) media.push(device)
  }
  for (const medium of media) {
    const device = medium.path ?? `/dev/${medium.kname}`
    const text = await parametersOn(device).catch((error: unknown) => {
      log.info({ device, err: explain(error) }, 'no parameters on this medium')
    })
    if (text === undefined) continue
    log.info({ device, label: medium.label }, 'read the parameters of the virtual medium')
    return parseKernelParams(text)
  }
  throw new Fault('not_found', 'booted from virtual media, but no medium has a parameters.txt', {
    seen: media.map(({ kname }) => kname),
  })
}

/** udev does not look into floppies, so that lsblk has no label of theirs. */
async function labelOf({ kname, label }: BlockDevice): Promise<string> {
  if (label || !/^fd\d/.test(kname)) return label ?? ''
  return (await run('blkid', ['-p', '-o', 'value', '-s', 'LABEL', `/dev/${kname}`])).stdout.trim()
}

const flat = (tree: readonly BlockDevice[]): BlockDevice[] =>
  tree.flatMap((device) => [device, ...flat(device.children)])

async function parametersOn(device: string): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'vmedia-'))
  await runOk('mount', ['-o', 'ro,nosuid,nodev,noexec', device, directory])
  try {
    return await firstText([path.join(directory, 'parameters.txt'), path.join(directory, 'PARAMETE.TXT')])
  } finally {
    await run('umount', [directory])
    await rmdir(directory)
  }
}

async function firstText(files: string[]): Promise<string> {
  for (const file of files) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return text
  }
  throw new Fault('not_found', 'the medium has no parameters.txt')
}
