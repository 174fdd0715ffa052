import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import type { RedfishInfo } from './bmc/redfish/driver-info.ts'
import type { SessionVault } from './bmc/redfish/session.ts'
import { createSealer, loadKey } from './store/seal.ts'

const content = z.object({ password: z.string(), token: z.string(), location: z.string().optional() })

/** Sessions at BMCs in files of `stateDir`, one for each address and user, sealed. */
export function openSessionVault(stateDir: string): SessionVault {
  const directory = path.join(stateDir, 'bmc-sessions')
  const sealer = createSealer(loadKey(stateDir))
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  return {
    get(of) {
      const sealed = readIfThere(fileOf(directory, of))
      if (!sealed) return undefined
      const { password, token, location } = content.parse(JSON.parse(sealer.open(sealed, placeOf(of))))
      return password === passwordOf(of) ? { token, location } : undefined
    },
    set(of, session) {
      const file = fileOf(directory, of)
      if (!session) return rmSync(file, { force: true })
      const text = JSON.stringify({ ...session, password: passwordOf(of) })
      writeFileSync(`${file}.new`, sealer.seal(text, placeOf(of)), { mode: 0o600 })
      renameSync(`${file}.new`, file)
    },
  }
}

const placeOf = (of: RedfishInfo): string => `bmc-session|${of.origin}|${of.username ?? ''}`
const passwordOf = (of: RedfishInfo): string => of.password?.reveal() ?? ''
const fileOf = (directory: string, of: RedfishInfo): string =>
  path.join(directory, createHash('sha256').update(placeOf(of)).digest('hex').slice(0, 32))

function readIfThere(file: string): Uint8Array | undefined {
  try {
    return readFileSync(file)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
