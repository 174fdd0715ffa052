import { Fault } from '@ferrite/shared/fault'

// A ramdisk is served to everybody who asks: nothing secret may get into it by mistake.
const secret = /-----BEGIN [A-Z ]*PRIVATE KEY-----/

/** The certificates in a PEM file, without what may stand between them. Fault invalid, forbidden for a private key. */
export function certificatesIn(text: string, file: string): string {
  refuseSecrets(text, file)
  const found = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g)
  if (!found) throw new Fault('invalid', `${file} has no certificate in PEM form`)
  return found.map((certificate) => `${certificate}\n`).join('')
}

/** The lines of an authorized_keys file. Fault invalid, forbidden for a private key. */
export function keysIn(text: string, file: string): string {
  refuseSecrets(text, file)
  const lines = text
    .split('\n')
    .filter((line) => /\b(ssh-(ed25519|rsa)|ecdsa-sha2-\S+|sk-\S+) [A-Za-z0-9+/=]+/.test(line))
  if (lines.length === 0) throw new Fault('invalid', `${file} has no public key`)
  return `${lines.join('\n')}\n`
}

/** Fault forbidden when the text holds a private key. */
export function refuseSecrets(text: string, file: string): void {
  if (secret.test(text))
    throw new Fault('forbidden', `${file} holds a private key, and whoever boots a ramdisk can read it`)
}
