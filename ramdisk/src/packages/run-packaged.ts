import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import { run } from '../run.ts'
import type { Unpacked } from './unpack.ts'

/** Runs a program out of an unpacked package with the libraries of the unpacked packages, not the host's. */
export async function runPackaged(
  unpacked: Unpacked,
  file: string,
  args: readonly string[],
  { name }: { name?: string } = {},
): Promise<string> {
  const loader = sourceOf(unpacked, 'usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2')
  const directories = new Set(
    [...unpacked.files]
      .filter(([at]) => /^usr\/lib\/x86_64-linux-gnu\/[^/]+\.so/.test(at))
      .map(([, { source }]) => path.dirname(source)),
  )
  const program = sourceOf(unpacked, file)
  const argv0 = name === undefined ? [] : ['--argv0', name]
  return run(loader, ['--library-path', [...directories].join(':'), ...argv0, program, ...args])
}

function sourceOf(unpacked: Unpacked, file: string): string {
  const found = unpacked.files.get(file)
  if (!found) throw new Fault('not_found', `none of the packages has the file /${file}`)
  return found.source
}
