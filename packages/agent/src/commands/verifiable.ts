import type { LookupConfig } from '@ferrite/shared/contracts/callback'
import type { ImageInfo } from '@ferrite/shared/contracts/images'
import { Fault } from '@ferrite/shared/fault'

/** As the conductor says, unless it turned off the look into images. */
export const permittedFormats = (lookup: LookupConfig | undefined): readonly string[] | undefined =>
  lookup?.disable_deep_image_inspection === true ? undefined : lookup?.permitted_image_formats

/** MD5 counts as a checksum only while the conductor allows it, as it does when it says nothing. */
export const isMd5Allowed = (lookup: LookupConfig | undefined): boolean => lookup?.agent_md5_checksum_enable ?? true

/** Fault invalid when the image has nothing but an MD5 and MD5 is off. */
export function assertVerifiable(image: ImageInfo, lookup: LookupConfig | undefined): void {
  if (isMd5Allowed(lookup) || image.os_hash_value !== undefined) return
  const { checksum = '' } = image
  if (/^https?:/i.test(checksum) || checksum.length > 32) return
  throw new Fault(
    'invalid',
    "Invalid command parameters: Image checksum is not available, either the 'checksum' field or the 'os_hash_algo' and 'os_hash_value' fields pair must be set for image verification.",
  )
}
