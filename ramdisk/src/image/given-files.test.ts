import { expect, test } from 'vitest'
import { certificatesIn, keysIn } from './given-files.ts'

const certificate = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'
const key = '-----BEGIN EC PRIVATE KEY-----\nMIIB\n-----END EC PRIVATE KEY-----'

test('of a PEM file only the certificates are taken', () => {
  expect(certificatesIn(`CN=us\n${certificate}\nnotes\n${certificate}\n`, 'ca.pem')).toBe(
    `${certificate}\n${certificate}\n`,
  )
  expect(() => certificatesIn('nothing', 'ca.pem')).toThrow('ca.pem has no certificate')
})

test('a private key never gets into a ramdisk, wherever it hides', () => {
  expect(() => certificatesIn(`${certificate}\n${key}\n`, 'both.pem')).toThrow('both.pem holds a private key')
  expect(() => keysIn('-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n', 'id_ed25519')).toThrow('holds a private key')
})

test('of an authorized_keys file the lines with keys are taken', () => {
  expect(keysIn('# mine\nssh-ed25519 AAAAC3Nz me@here\n\n', 'keys')).toBe('ssh-ed25519 AAAAC3Nz me@here\n')
  expect(() => keysIn('# none\n', 'keys')).toThrow('keys has no public key')
})
