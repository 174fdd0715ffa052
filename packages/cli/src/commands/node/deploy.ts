import { Command } from 'commander'
import type { JsonPatch } from '@ferrite/shared/contracts/nodes'
import type { ProvisionVerb } from '@ferrite/shared/provision'
import { withClient, type Context } from '../../context.ts'
import { withClientOptions } from '../../options.ts'
import { pair, type Pairs } from '../../values.ts'
import { carryOut, withWaitOptions, type WaitOptions } from './carry-out.ts'
import { checksumFields } from './checksum.ts'
import { configDrive, withConfigDriveOptions, type ConfigDriveOptions } from './config-drive.ts'

type DeployOptions = WaitOptions &
  ConfigDriveOptions & { image?: string; checksum?: string; diskFormat?: string; rootDevice?: Pairs }

const examples = `
Examples:
  ferrite node deploy web-01 --image https://example.org/debian.raw \\
      --checksum sha256:9f86d081884c7d65… --watch
  ferrite node deploy web-01 --image http://10.0.0.1/img.raw \\
      --checksum sha512:http://10.0.0.1/SHA512SUMS \\
      --meta-data hostname=web-01 --user-data first-boot.sh \\
      --root-device 'size=>= 100' --root-device rotational=false --wait
  ferrite node deploy rack1-01 rack1-02 rack1-03 --image http://10.0.0.1/img.raw \\
      --checksum sha256:9f86d081884c7d65… --watch`

/** `node deploy` and `node rebuild`: what to write, then the verb. */
export const deployCommands = (): Command[] => [
  deployCommand('deploy', 'active', 'write an image onto it and boot it: available → active').addHelpText(
    'after',
    examples,
  ),
  deployCommand('rebuild', 'rebuild', 'deploy it again, with the same image or another: active → active'),
]

function deployCommand(name: string, target: ProvisionVerb, summary: string): Command {
  const command = new Command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .argument('<node...>', 'names or UUIDs; several are deployed at once')
    .option('--image <url>', 'whole-disk image (http or https)')
    .option('--checksum <sum>', 'sha256:HEX, sha512:HEX, or ALGORITHM:URL of a checksum file')
    .option('--disk-format <format>', 'format of the image (default: qcow2 for a URL that ends so, else raw)')
    .option('--root-device <hint=value>', "which disk, e.g. 'size=>= 100' or serial=S3Z8 (again for more)", pair)
  return withClientOptions(withWaitOptions(withConfigDriveOptions(command))).action(
    withClient((context, idents: string[], options: DeployOptions) => deploy(context, idents, target, options)),
  )
}

async function deploy(
  context: Context,
  idents: readonly string[],
  target: ProvisionVerb,
  options: DeployOptions,
): Promise<void> {
  const { client } = context
  const facts = imageFacts(options)
  const configdrive = await configDrive(options)
  const works = idents.map((ident) => {
    const start = async () => {
      const patch = imagePatch(facts, (await client.node(ident)).instance_info ?? {})
      if (patch.length) await client.patchNode(ident, patch)
      await client.provision(ident, target, configdrive === undefined ? {} : { configdrive })
    }
    return { ident, doing: 'being deployed', wants: ['active'] as const, start }
  })
  await carryOut(context, works, options)
}

/** What the options say about the image, as fields of instance_info. */
export const imageFacts = (
  options: Pick<DeployOptions, 'image' | 'checksum' | 'diskFormat' | 'rootDevice'>,
): Pairs => ({
  ...(options.image && {
    image_source: options.image,
    image_disk_format: options.diskFormat ?? formatOf(options.image),
  }),
  ...(!options.image && options.diskFormat && { image_disk_format: options.diskFormat }),
  ...(options.checksum && checksumFields(options.checksum)),
  ...(options.rootDevice && { root_device: options.rootDevice }),
})

const formatOf = (url: string): string => (/\.qcow2$/i.test(URL.parse(url)?.pathname ?? url) ? 'qcow2' : 'raw')

const sums = ['image_checksum', 'image_os_hash_algo', 'image_os_hash_value']

/** The facts as a patch of a node; a new image or sum takes the old one's sums away. */
export function imagePatch(facts: Pairs, before: Pairs): JsonPatch {
  const isNew = 'image_source' in facts || sums.some((key) => key in facts)
  const stale = isNew ? sums.filter((key) => key in before && !(key in facts)) : []
  return [
    ...Object.entries(facts).map(([key, value]) => ({ op: 'add' as const, path: `/instance_info/${key}`, value })),
    ...stale.map((key) => ({ op: 'remove' as const, path: `/instance_info/${key}` })),
  ]
}
