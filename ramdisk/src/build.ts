import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { buildBootIso } from '@ferrite/conductor/iso/boot-iso'
import { bootLoaders } from './boot/loaders.ts'
import { agentTree } from './image/agent-tree.ts'
import { baseTree } from './image/base-tree.ts'
import { bundleAgent } from './image/bundle.ts'
import { compressed } from './image/compress.ts'
import { cpio } from './image/cpio.ts'
import { nodeBinary } from './image/node-binary.ts'
import { ImageTree, inventoryOf } from './image/tree.ts'
import { addModuleIndex } from './kernel/depmod.ts'
import { addModules, kernelOf } from './kernel/modules.ts'
import { manifestOf } from './manifest.ts'
import type { ManifestFacts } from './manifest.ts'
import { fetchPackages } from './packages/fetch.ts'
import { packageNames, wholePackages } from './package-names.ts'
import type { Package } from './packages/package.ts'
import { unpack } from './packages/unpack.ts'
import type { Unpacked } from './packages/unpack.ts'
import { profiles } from './profile.ts'
import type { ProfileName } from './profile.ts'
import { sbomOf } from './sbom.ts'

export type BuildOptions = {
  root: string
  out: string
  cacheDir: string
  mirror: string
  offline: boolean
  profile: ProfileName
  firmware: boolean
  iso: boolean
  level: number
  kernelArgs: string
  packages: readonly string[]
  caCerts: readonly string[]
  authorizedKeys?: string | undefined
  ownSteps: readonly string[]
  /** From the environment; without it the newest date among the packages. */
  sourceDateEpoch?: number | undefined
  pinned?: readonly Package[] | undefined
  onStage: (name: string, ms: number) => void
}

export type BuildResult = { files: Record<string, Buffer>; manifest: ReturnType<typeof manifestOf> }

/** Builds kernel, ramdisk, boot loaders and, if asked for, an ISO into `out`. Equal inputs give equal bytes. */
export async function buildRamdisk(options: BuildOptions): Promise<BuildResult> {
  const stage = timer(options.onStage)
  const names = packageNames(options)
  const packages = await stage('packages', () => fetchPackages({ ...options, names }))
  const unpacked = await stage('unpack', () => unpack(packages, options.cacheDir))
  const { facts, ramdisk, kernel } = await assemble(options, unpacked, stage)
  const results: Record<string, Buffer> = { vmlinuz: kernel, 'ramdisk.zst': ramdisk, ...(await bootLoaders(unpacked)) }
  await writeAll(options.out, results)
  if (options.iso) results[isoName] = await stage('iso', () => genericIso(options))
  else await rm(path.join(options.out, isoName), { force: true })
  const manifest = manifestOf({ ...facts, results })
  const texts = { 'manifest.json': json(manifest), 'sbom.cdx.json': json(sbomOf({ ...facts, results })) }
  await writeAll(options.out, texts)
  return { files: { ...results, ...texts }, manifest }
}

const isoName = 'ramdisk.iso'

/** For any machine: the agent takes its parameters from a second medium, or from the arguments given here. */
async function genericIso({ out, kernelArgs }: BuildOptions): Promise<Buffer> {
  const file = (name: string) => path.join(out, name)
  await buildBootIso({
    kernel: file('vmlinuz'),
    ramdisk: file('ramdisk.zst'),
    loaders: file('loaders'),
    kernelArgs: `${kernelArgs.includes('ipa-api-url=') ? '' : 'boot_method=vmedia '}${kernelArgs}`,
    out: file(isoName),
  })
  return readFile(file(isoName))
}

type Stage = <T>(name: string, work: () => Promise<T>) => Promise<T>
type Facts = Omit<ManifestFacts, 'results'>

async function assemble(
  options: BuildOptions,
  unpacked: Unpacked,
  stage: Stage,
): Promise<{ facts: Facts; ramdisk: Buffer; kernel: Buffer }> {
  const { profile, cacheDir, root, level } = options
  const epochSeconds = options.sourceDateEpoch ?? unpacked.newestMtimeSeconds
  const kernel = await kernelOf(unpacked)
  const node = await stage('node', () => nodeBinary(unpacked, { root, cacheDir }))
  const bundle = await stage('agent', () => bundleAgent({ root, ownSteps: options.ownSteps }))
  const base = await stage('programs', () => baseTree(unpacked, { profile, node, extra: wholePackages(options) }))
  const drivers = new ImageTree()
  const wanted = profiles[profile].modules
  const { missingFirmware } = await stage('drivers', async () => {
    const added = await addModules(drivers, unpacked, { release: kernel.release, wanted })
    await addModuleIndex(drivers, unpacked, kernel.release)
    return added
  })
  const agent = await agentTree({ ...options, bundle: bundle.files, epochSeconds })
  const trees = [base, drivers, agent]
  const ramdisk = await stage('compress', async () => {
    const frames: Buffer[] = []
    for (const tree of trees) frames.push(await compressed(cpio(tree, epochSeconds), { level, cacheDir }))
    return Buffer.concat(frames)
  })
  const facts: Facts = {
    profile,
    epochSeconds,
    kernelRelease: kernel.release,
    kernelArgs: options.kernelArgs,
    node: { version: node.version, sha256: node.sha256 },
    level,
    packages: unpacked.packages,
    modules: bundle.modules,
    missingFirmware: options.firmware ? missingFirmware : [],
    files: trees.flatMap(inventoryOf),
  }
  return { facts, ramdisk, kernel: kernel.image }
}

async function writeAll(out: string, files: Readonly<Record<string, Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    const part = path.join(out, `${name}.part`)
    await mkdir(path.dirname(part), { recursive: true })
    await writeFile(part, content)
    await rename(part, path.join(out, name))
  }
}

const json = (value: unknown): Buffer => Buffer.from(`${JSON.stringify(value, null, 1)}\n`)

const timer =
  (onStage: BuildOptions['onStage']): Stage =>
  async (name, work) => {
    const started = performance.now()
    const result = await work()
    onStage(name, performance.now() - started)
    return result
  }
