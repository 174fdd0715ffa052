import { webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

const hourMs = 3_600_000
const lifeMs = 30 * 24 * hourMs
const algorithm = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }

/** A self-signed certificate for one address, valid since an hour ago because clocks of fresh machines are wrong. The key exists in memory only. */
export async function selfSigned(options: {
  address: string
  hostname: string
  now: Date
}): Promise<{ cert: string; key: string }> {
  x509.cryptoProvider.set(webcrypto)
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const names: x509.JsonGeneralNames = [
    isIP(options.address) ? { type: 'ip', value: options.address } : { type: 'dns', value: options.address },
  ]
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16))).toString('hex'),
    name: [{ CN: [options.hostname.slice(0, 64) || 'agent'] }],
    notBefore: new Date(options.now.getTime() - hourMs),
    notAfter: new Date(options.now.getTime() + lifeMs),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.SubjectAlternativeNameExtension(names, true),
    ],
  })
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: `${cert.toString('pem')}\n`, key: pem('PRIVATE KEY', key) }
}

function pem(label: string, bytes: ArrayBuffer): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
