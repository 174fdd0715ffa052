import { access } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** `files`: the image in each format, by name, with its sha256. */
export type Job = {
  origin: string
  directory: string
  target: string
  isBlockDevice: boolean
  bytes: number
  files: Readonly<Record<string, string>>
}

export type Contestant = {
  name: string
  /** What it is, for the table. */
  what: string
  /** Leaves the image on the target, which is then compared. */
  writes: boolean
  /** The target is prepared with the image, but for 5 % of it. */
  onOldImage?: boolean
  available: () => Promise<boolean>
  command: (job: Job) => readonly [string, ...string[]]
}

const cli = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url))
const stage = fileURLToPath(new URL('stage.ts', import.meta.url))
const pythonLoop = fileURLToPath(new URL('ipa-like.py', import.meta.url))
const python = '/usr/bin/python3'
export const rawName = 'image.raw'
export const mapName = `${rawName}.chunks.json`

const always = () => Promise.resolve(true)
const url = ({ origin }: Job, file: string): string => `${origin}/${file}`
type Flags = { flags?: readonly string[]; more?: (job: Job) => readonly string[] }
const ours = (name: string, what: string, file: string, { flags = ['--no-verify'], more }: Flags = {}): Contestant => ({
  name,
  what: `our write of ${file}, ${what}`,
  writes: true,
  available: always,
  command: (job) => {
    const image = ['--url', url(job, file), '--checksum', `sha256:${job.files[file]}`]
    return [process.execPath, cli, 'write', ...image, '--disk', job.target, '--json', ...flags, ...(more?.(job) ?? [])]
  },
})
const shell = (script: string): readonly [string, ...string[]] => ['bash', '-o', 'pipefail', '-c', script]
const dd = (target: string): string =>
  `dd of='${target}' bs=4M iflag=fullblock oflag=direct conv=notrunc,fsync 2>/dev/null`

const unpacked = (name: string, file: string, program: string): Contestant => ({
  name,
  what: `curl | ${program} | dd bs=4M oflag=direct, no digest`,
  writes: true,
  available: always,
  command: (job) => shell(`curl -fsS '${url(job, file)}' | ${program} | ${dd(job.target)}`),
})

const converted = (name: string, file: string): Contestant => ({
  name,
  what: `curl to a file, sha256sum, qemu-img convert of ${file}`,
  writes: true,
  available: () => has('/usr/bin/qemu-img'),
  command: (job) => {
    const copy = path.join(job.directory, 'download')
    const format = job.isBlockDevice ? 'host_device' : 'raw'
    return shell(
      `curl -fsS -o '${copy}' '${url(job, file)}' && echo '${job.files[file]}  ${copy}' | sha256sum -c --quiet && ` +
        `qemu-img convert -n -W -t none -f qcow2 -O ${format} '${copy}' '${job.target}' && sync '${job.target}'; rm '${copy}'`,
    )
  },
})

const alone = (name: string, what: string, command: Contestant['command'], available = always): Contestant => ({
  name,
  what: `${what} alone`,
  writes: false,
  available,
  command,
})

/** Everything that is compared, in the order of a round. */
export const contestants: readonly Contestant[] = [
  ours('ferrite', 'read-back off', rawName),
  {
    name: 'ipa-like',
    what: 'one thread, 1 MiB chunks, hash, buffered write, flush (python3, requests)',
    writes: true,
    available: () => has(python),
    command: (job) => [python, pythonLoop, url(job, rawName), job.files[rawName] ?? '', job.target],
  },
  ours('ferrite-verify', 'read-back on', rawName, { flags: [] }),
  {
    name: 'shell-direct',
    what: 'curl | tee >(dd bs=4M oflag=direct) | sha256sum',
    writes: true,
    available: always,
    command: (job) =>
      shell(
        `test "$(curl -fsS '${url(job, rawName)}' | tee >(${dd(job.target)}) | sha256sum | cut -d' ' -f1)" = ${job.files[rawName]} && sync '${job.target}'`,
      ),
  },
  ours('ferrite-zstd', 'read-back off', 'image.zst'),
  unpacked('shell-zstd', 'image.zst', 'zstd -dc'),
  ours('ferrite-gzip', 'read-back off', 'image.gz'),
  unpacked('shell-gzip', 'image.gz', 'gzip -dc'),
  ours('ferrite-qcow2', 'read-back off', 'image.qcow2'),
  converted('convert-qcow2', 'image.qcow2'),
  ours('ferrite-qcow2-zlib', 'read-back off', 'image-zlib.qcow2'),
  converted('convert-qcow2-zlib', 'image-zlib.qcow2'),
  {
    ...ours('ferrite-delta', 'by its chunk map, 95 % of it there', rawName, {
      flags: [],
      more: (job) => ['--chunk-map', url(job, mapName), '--chunk-map-checksum', `sha256:${job.files[mapName]}`],
    }),
    onOldImage: true,
  },
  alone('receive', 'receive (our connection, bytes thrown away)', (job) => [
    process.execPath,
    stage,
    'receive',
    url(job, rawName),
  ]),
  alone('receive-curl', 'curl -o /dev/null', (job) => ['curl', '-fsS', '-o', '/dev/null', url(job, rawName)]),
  alone('hash', 'openssl dgst -sha256, file in cache,', ({ directory }) => [
    'openssl',
    'dgst',
    '-sha256',
    path.join(directory, rawName),
  ]),
  alone('write', 'dd bs=4M oflag=direct', ({ target, bytes }) =>
    shell(`dd if=/dev/zero of='${target}' bs=4M count=${Math.ceil(bytes / 4_194_304)} oflag=direct conv=notrunc,fsync`),
  ),
  alone('zstd', 'zstd -dc, file in cache,', ({ directory }) => shell(`zstd -dc '${directory}/image.zst' > /dev/null`)),
  alone('gzip', 'gzip -dc, file in cache,', ({ directory }) => shell(`gzip -dc '${directory}/image.gz' > /dev/null`)),
]

async function has(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
