import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from './core/clock.ts'

/**
 * Boot media that BMCs and machines fetch from us, as files under names that cannot be guessed: a medium may carry an
 * agent's token.
 */
export interface BootMedia {
  /** A new name, 128 bits of chance. Record it before `write`, so that a crash leaves nothing unknown behind. */
  newName(): string
  write(name: string, content: Uint8Array): Promise<void>
  /** The file of a name, for content that is too large to be in memory. */
  fileOf(name: string): string
  /** Where BMCs and machines find it. */
  urlOf(name: string): string
  /** Deleting what is not there is fine. */
  delete(names: readonly string[]): Promise<void>
  /** Deletes every medium but these; for the start of a conductor. */
  keepOnly(names: ReadonlySet<string>): Promise<void>
}

const form = /^[0-9a-f]{32}\.iso$/

/** The file of a medium; undefined for a name that is none of ours. */
export const mediaFile = (stateDir: string, name: string): string | undefined =>
  form.test(name) ? path.join(stateDir, 'media', name) : undefined

/** `baseUrl`: the ramdisks' API as machines reach it, asked each time because it may listen on a port of chance. */
export async function openBootMedia(parts: {
  stateDir: string
  baseUrl: () => string
  clock: Clock
}): Promise<BootMedia> {
  const dir = path.join(parts.stateDir, 'media')
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const remove = async (names: readonly string[]) => {
    for (const name of names) {
      const file = mediaFile(parts.stateDir, name)
      if (file) await rm(file, { force: true })
    }
  }
  return {
    newName: () => `${Buffer.from(parts.clock.token(), 'base64url').toString('hex').slice(0, 32)}.iso`,
    fileOf: (name) => path.join(dir, name),
    async write(name, content) {
      const part = path.join(dir, `${name}.part`)
      {
        await using file = await open(part, 'w', 0o600)
        await file.writeFile(content)
      }
      await rename(part, path.join(dir, name))
    },
    urlOf: (name) => `${parts.baseUrl().replace(/\/+$/, '')}/ferrite/v1/media/${name}`,
    delete: remove,
    async keepOnly(names) {
      const present = await readdir(dir)
      await remove(present.filter((name) => !names.has(name)))
      await Promise.all(
        present.filter((name) => name.endsWith('.part')).map((name) => rm(path.join(dir, name), { force: true })),
      )
    },
  }
}
