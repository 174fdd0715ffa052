import { access, mkdir, writeFile } from 'node:fs/promises'

// Where ramdisks look, by the names that ironic-python-agent gave these files.
const directory = '/etc/ipa-rescue-config'
const passwordFile = `${directory}/ipa-rescue-password`
const marker = '/etc/.rescued'

export async function handOver(passwordHash: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 })
  await writeFile(passwordFile, passwordHash, { mode: 0o600 })
  await writeFile(marker, '')
}

/** The machine has been handed over to its user by an agent before us. */
export const isHandedOver = (): Promise<boolean> =>
  access(marker).then(
    () => true,
    () => false,
  )
