import { access } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

export type Job = { url: string; image: string; target: string; sha256: string; bytes: number }

export type Contestant = {
  name: string
  /** What it is, for the table. */
  what: string
  /** Leaves the image on the target, which is then compared. */
  writes: boolean
  available: () => Promise<boolean>
  command: (job: Job) => readonly [string, ...string[]]
}

const cli = fileURLToPath(new URL('ours.ts', import.meta.url))
const stage = fileURLToPath(new URL('stage.ts', import.meta.url))
const pythonLoop = fileURLToPath(new URL('ipa-like.py', import.meta.url))
const python = '/usr/bin/python3'

const always = () => Promise.resolve(true)
const ours =
  (...flags: string[]) =>
  ({ url, target, sha256 }: Job): readonly [string, ...string[]] => [
    process.execPath,
    cli,
    url,
    sha256,
    target,
    ...flags,
  ]
const shell = (script: string): readonly [string, ...string[]] => ['bash', '-o', 'pipefail', '-c', script]

/** Everything that is compared, in the order of a round. */
export const contestants: readonly Contestant[] = [
  { name: 'ferrite', what: 'our write, read-back off', writes: true, available: always, command: ours('--no-verify') },
  { name: 'ferrite-verify', what: 'our write, read-back on', writes: true, available: always, command: ours() },
  {
    name: 'shell-direct',
    what: 'curl | tee >(sha256sum) | dd bs=4M oflag=direct',
    writes: true,
    available: always,
    command: ({ url, target, sha256 }) =>
      shell(
        `test "$(curl -fsS '${url}' | tee >(dd of='${target}' bs=4M iflag=fullblock oflag=direct conv=notrunc,fsync 2>/dev/null) | sha256sum | cut -d' ' -f1)" = ${sha256} && sleep 0 && sync '${target}'`,
      ),
  },
  {
    name: 'ipa-like',
    what: 'one thread, 1 MiB chunks, hash, buffered write, flush (python3)',
    writes: true,
    available: () => has(python),
    command: ({ url, target, sha256 }) => [python, pythonLoop, url, sha256, target],
  },
  {
    name: 'receive',
    what: 'receive alone (our connection, bytes thrown away)',
    writes: false,
    available: always,
    command: ({ url }) => [process.execPath, stage, 'receive', url],
  },
  {
    name: 'receive-curl',
    what: 'receive alone (curl -o /dev/null)',
    writes: false,
    available: always,
    command: ({ url }) => ['curl', '-fsS', '-o', '/dev/null', url],
  },
  {
    name: 'hash',
    what: 'hash alone (openssl dgst -sha256, file in cache)',
    writes: false,
    available: always,
    command: ({ image }) => ['openssl', 'dgst', '-sha256', image],
  },
  {
    name: 'write',
    what: 'direct write alone (dd bs=4M oflag=direct)',
    writes: false,
    available: always,
    command: ({ target, bytes }) =>
      shell(
        `dd if=/dev/zero of='${target}' bs=4M count=${Math.ceil(bytes / 4_194_304)} oflag=direct conv=notrunc,fsync`,
      ),
  },
]

async function has(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  )
}
