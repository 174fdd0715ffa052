import { hostMirror } from '../packages/host-mirror.ts'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { Command, Option } from 'commander'
import { Fault } from '@ferrite/shared/fault'
import { formatBytes, formatDuration } from '@ferrite/shared/units'
import { buildRamdisk } from '../build.ts'
import type { BuildOptions } from '../build.ts'
import { manifestForm } from '../manifest.ts'
import type { ProfileName } from '../profile.ts'

type Flags = {
  profile: ProfileName
  out?: string
  iso: boolean
  firmware: boolean
  package: string[]
  caCert: string[]
  authorizedKeys?: string
  kernelArgs: string
  step: string[]
  level: string
  manifest?: string
  mirror: string
  offline: boolean
}

const several = (value: string, before: string[]): string[] => [...before, value]

const examples = `
Examples:
  pnpm ramdisk build                             for virtual machines, into .ferrite/ramdisk/virtual
  pnpm ramdisk build --profile metal --firmware  for servers
  pnpm ramdisk build --iso --kernel-args "ipa-api-url=https://conductor:6385 console=ttyS0"

Kernel and drivers, programs and boot loaders come from Debian 12 packages, fetched by apt into .ferrite/cache.
SOURCE_DATE_EPOCH sets the date of every file; without it that is the date of the newest package.`

/** `ramdisk build`: kernel, ramdisk, boot loaders, manifest and bill of materials in one directory. */
export const buildCommand = (root: string): Command =>
  new Command('build')
    .description('Build kernel and ramdisk.')
    .addOption(
      new Option('--profile <name>', 'virtual: for clouds and hypervisors; metal: for servers')
        .choices(['virtual', 'metal'])
        .default('virtual'),
    )
    .option('--out <dir>', 'where the files go (default: .ferrite/ramdisk/PROFILE)')
    .option('--iso', 'an ISO too, for virtual media and USB sticks, BIOS and UEFI', false)
    .option('--firmware', 'the firmware that network and storage controllers load (not free software)', false)
    .option('--package <name>', 'a further Debian package, whole (repeatable)', several, [])
    .option('--ca-cert <file>', 'trust this authority for the conductor and image servers (repeatable)', several, [])
    .option('--authorized-keys <file>', 'let these SSH keys in as root, for debugging')
    .option('--kernel-args <text>', 'further kernel arguments on the ISO', '')
    .option('--step <file>', 'a module that exports own in-band steps as `steps` (repeatable)', several, [])
    .option('--level <n>', 'zstd level: 19 is a tenth smaller and takes minutes', '9')
    .option('--manifest <file>', 'take exactly the packages of this earlier manifest')
    .option('--mirror <url>', 'Debian mirror', hostMirror())
    .option('--offline', 'use what is in the cache only', false)
    .addHelpText('after', examples)
    .action(async (flags: Flags) => build(root, flags))

async function build(root: string, flags: Flags): Promise<void> {
  const started = performance.now()
  const { profile, manifest: earlier } = flags
  const out = path.resolve(flags.out ?? path.join(root, '.ferrite/ramdisk', profile))
  const pinned = earlier === undefined ? undefined : await manifestAt(earlier)
  const options: BuildOptions = {
    root,
    out,
    cacheDir: path.join(root, '.ferrite/cache/ramdisk'),
    mirror: flags.mirror.replace(/\/+$/, ''),
    offline: flags.offline,
    profile,
    firmware: flags.firmware,
    iso: flags.iso,
    level: Number(flags.level),
    kernelArgs: flags.kernelArgs,
    packages: flags.package,
    caCerts: flags.caCert,
    authorizedKeys: flags.authorizedKeys,
    ownSteps: flags.step,
    sourceDateEpoch: epochFromEnvironment() ?? pinned?.source_date_epoch,
    pinned: pinned?.packages,
    onStage: (name, ms) => console.log(`  ${name.padEnd(10)} ${formatDuration(ms)}`),
  }
  const { files, manifest } = await buildRamdisk(options)
  for (const [name, { sha256 }] of Object.entries(manifest.results)) {
    console.log(
      `${formatBytes(files[name]?.length ?? 0).padStart(10)}  ${sha256.slice(0, 16)}  ${path.join(out, name)}`,
    )
  }
  const firmware = manifest.firmware_not_in_debian.length
  if (firmware > 0)
    console.log(`${firmware} firmware files that drivers may ask for are in no Debian package; see manifest.json`)
  console.log(`built in ${formatDuration(performance.now() - started)}`)
}

async function manifestAt(file: string) {
  try {
    return manifestForm.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch (cause) {
    throw new Fault('invalid', `${file} is not the manifest of a build`, { cause })
  }
}

function epochFromEnvironment(): number | undefined {
  const text = process.env['SOURCE_DATE_EPOCH']
  if (text === undefined || text === '') return undefined
  if (!/^\d{1,10}$/.test(text))
    throw new Fault('invalid', `SOURCE_DATE_EPOCH is ${text}, and must be seconds since 1970`)
  return Number(text)
}
