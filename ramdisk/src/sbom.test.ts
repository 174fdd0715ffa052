import { expect, test } from 'vitest'
import type { ManifestFacts } from './manifest.ts'
import { manifestForm, manifestOf } from './manifest.ts'
import { sbomOf } from './sbom.ts'

const item = (name: string) => ({
  name,
  version: '1:2.3-4',
  architecture: 'amd64',
  file: `${name}.deb`,
  sha256: 'ab',
  bytes: 9,
})
const facts: ManifestFacts = {
  profile: 'virtual',
  epochSeconds: 1_700_000_000,
  kernelRelease: '6.1.0-1',
  kernelArgs: '',
  node: { version: '26.10.0', sha256: 'cd' },
  level: 9,
  packages: [item('udev'), item('binutils-common')],
  modules: [{ name: '@peculiar/x509', version: '2.2.0' }],
  missingFirmware: [],
  files: [{ path: '/usr/bin/udevadm', bytes: 3, sha256: 'ef', origin: 'udev 1:2.3-4' }],
  results: { vmlinuz: Buffer.from('kernel') },
}

test('the bill of materials lists what is inside, by package URL, and not the tools of the build', () => {
  const { components, serialNumber } = sbomOf(facts) as { components: { purl: string }[]; serialNumber: string }
  expect(components.map(({ purl }) => purl)).toEqual([
    'pkg:deb/debian/udev@1%3A2.3-4?arch=amd64&distro=bookworm',
    'pkg:npm/%40peculiar/x509@2.2.0',
    'pkg:generic/node@26.10.0',
  ])
  expect(serialNumber).toMatch(/^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/)
  expect(sbomOf(facts)).toEqual(sbomOf(facts))
})

test('a manifest can be given back to repeat its build', () => {
  const read = manifestForm.parse(JSON.parse(JSON.stringify(manifestOf(facts))))
  expect(read).toMatchObject({ profile: 'virtual', source_date_epoch: 1_700_000_000, packages: facts.packages })
})
