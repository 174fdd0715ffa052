import { readdirSync, rmSync, statSync } from 'node:fs'
import { mkdtemp, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { Fault } from '@ferrite/shared/fault'
import type { Secret } from '@ferrite/shared/secret'
import type { Clock } from '../../core/clock.ts'

const prefix = 'ferrite-secret-'
/** Longer than any program runs that is given a secret. */
const longestUseMs = 600_000

export type SecretFile = AsyncDisposable & { readonly path: string }

/** A secret in a file of its own: mode 0600 in a new directory of mode 0700 under `parent`, gone when disposed. */
export async function secretFile(parent: string, secret: Secret): Promise<SecretFile> {
  const directory = await mkdtemp(path.join(parent, prefix)).catch((cause: unknown) => {
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

/** Deletes what a process of ours that was killed in the middle of a call has left behind. */
export function sweepSecrets(parent: string, clock: Clock): void {
  const own = process.getuid?.()
  for (const name of readdirSync(parent).filter((one) => one.startsWith(prefix))) {
    const found = statSync(path.join(parent, name), { throwIfNoEntry: false })
    const isOld = found && found.uid === own && clock.now().getTime() - found.mtimeMs > longestUseMs
    if (isOld) rmSync(path.join(parent, name), { recursive: true, force: true })
  }
}
