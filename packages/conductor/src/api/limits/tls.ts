import { readFileSync, statSync } from 'node:fs'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { Fault } from '@ferrite/shared/fault'
import type { Config } from '../../config.ts'

export type TlsFiles = { certFile: string; keyFile: string; minVersion: 'TLSv1.2' | 'TLSv1.3' }
export type TlsParts = { cert: string; key: string; minVersion: 'TLSv1.2' | 'TLSv1.3' }

/** The files of a listener, undefined when it speaks plain http. Fault invalid when only one of the two is named. */
export function tlsFiles(config: Config, listener: 'operator' | 'ramdisk'): TlsFiles | undefined {
  const prefix = listener === 'operator' ? '' : 'ramdisk_'
  const certFile = listener === 'operator' ? config.tls_cert : config.ramdisk_tls_cert
  const keyFile = listener === 'operator' ? config.tls_key : config.ramdisk_tls_key
  if (certFile === undefined && keyFile === undefined) return undefined
  if (certFile === undefined || keyFile === undefined) {
    throw new Fault('invalid', `settings ${prefix}tls_cert and ${prefix}tls_key are needed together`)
  }
  return { certFile, keyFile, minVersion: config.tls_min_version === '1.3' ? 'TLSv1.3' : 'TLSv1.2' }
}

/** Fault invalid when a file cannot be read or the key does not belong to the certificate. */
export function readTls({ certFile, keyFile, minVersion }: TlsFiles): TlsParts {
  try {
    const cert = readFileSync(certFile, 'utf8')
    const key = readFileSync(keyFile, 'utf8')
    if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
      throw new Fault('invalid', 'the key belongs to another certificate')
    }
    return { cert, key, minVersion }
  } catch (cause) {
    throw new Fault('invalid', `cannot serve TLS with ${certFile} and ${keyFile}`, { cause })
  }
}

/** Changes when one of the files does. */
export const tlsStamp = ({ certFile, keyFile }: TlsFiles): string =>
  [certFile, keyFile].map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0).join(' ')
