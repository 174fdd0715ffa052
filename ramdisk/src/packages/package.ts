/** A Debian package as it was taken: what a manifest says of it. */
export type Package = {
  name: string
  version: string
  architecture: string
  /** As in the archive: `busybox-static_1%3a1.35.0-4_amd64.deb`. */
  file: string
  sha256: string
  bytes: number
}

/** Reads `name_version_architecture.deb`, with the colon of an epoch as `%3a`. */
export function packageOfFile(file: string): Pick<Package, 'name' | 'version' | 'architecture'> {
  const [name = '', version = '', architecture = ''] = decodeURIComponent(file.replace(/\.deb$/, '')).split('_')
  return { name, version, architecture }
}
