import { version } from '@ferrite/shared/version'
import type { ManifestFacts } from './manifest.ts'
import { sha256 } from './manifest.ts'
import { bootPackages } from './profile.ts'

/** A bill of materials in CycloneDX 1.6: Debian packages, npm packages, Node. Its serial number comes from its content. */
export function sbomOf(facts: ManifestFacts): Record<string, unknown> {
  const components = [
    ...insidePackages(facts).map(({ name, version: of, architecture, sha256: digest }) => ({
      type: 'library',
      'bom-ref': `pkg:deb/debian/${name}@${encodeURIComponent(of)}?arch=${architecture}&distro=bookworm`,
      name,
      version: of,
      purl: `pkg:deb/debian/${name}@${encodeURIComponent(of)}?arch=${architecture}&distro=bookworm`,
      hashes: [{ alg: 'SHA-256', content: digest }],
    })),
    ...facts.modules.map(({ name, version: of }) => ({
      type: 'library',
      'bom-ref': npmUrl(name, of),
      name,
      version: of,
      purl: npmUrl(name, of),
    })),
    {
      type: 'application',
      'bom-ref': `pkg:generic/node@${facts.node.version}`,
      name: 'node',
      version: facts.node.version,
      purl: `pkg:generic/node@${facts.node.version}`,
      hashes: [{ alg: 'SHA-256', content: facts.node.sha256 }],
    },
  ]
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(sha256(Buffer.from(JSON.stringify(components))))}`,
    version: 1,
    metadata: {
      timestamp: new Date(facts.epochSeconds * 1000).toISOString(),
      component: {
        type: 'operating-system',
        'bom-ref': 'ferrite-ramdisk',
        name: `ferrite-ramdisk-${facts.profile}`,
        version,
      },
    },
    components,
    dependencies: [{ ref: 'ferrite-ramdisk', dependsOn: components.map((component) => component['bom-ref']) }],
  }
}

/** Without those that only worked on the build. */
function insidePackages({ packages, files }: ManifestFacts): ManifestFacts['packages'] {
  const origins = new Set(files.map(({ origin }) => origin.split(' ')[0]))
  const boots = new Set<string>(bootPackages)
  return packages.filter(({ name }) => origins.has(name) || boots.has(name))
}

const npmUrl = (name: string, of: string): string => `pkg:npm/${name.replace('@', '%40')}@${of}`

/** A version 8 UUID (RFC 9562: free form) of a digest. */
const uuidOf = (hex: string): string =>
  `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`
