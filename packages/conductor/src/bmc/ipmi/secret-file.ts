import { mkdtemp, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import type { Secret } from '@ferrite/shared/secret'

export type SecretFile = AsyncDisposable & { readonly path: string }

/** A secret in a file of its own: mode 0600 in a new directory of mode 0700 under `parent`, gone when disposed. */
export async function secretFile(parent: string, secret: Secret): Promise<SecretFile> {
  const directory = await mkdtemp(path.join(parent, 'ferrite-')).catch((cause: unknown) => {
    throw new Fault('step_failed', `cannot make a private directory in ${parent}`, { cause })
  })
  const dispose = () => rm(directory, { recursive: true, force: true })
  const file = path.join(directory, 'secret')
  try {
    await using handle = await open(file, 'wx', 0o600)
    await handle.writeFile(`${secret.reveal()}\n`)
  } catch (error) {
    await dispose()
    throw error
  }
  return { path: file, [Symbol.asyncDispose]: dispose }
}
